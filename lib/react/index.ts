'use client'
// `hawser/react`: managed clients in components of React 18 and 19.
export { WebSocketProvider } from './websocket-provider'
export type { WebSocketProviderProps } from './websocket-provider'
export { useClient } from './use-client'
export { useWebSocket } from './use-web-socket'
export type { ConnectionTarget, UseWebSocketOptions, UseWebSocketResult } from './use-web-socket'
export { useMessages } from './use-messages'
export type {
  ClientOption,
  SomeClient,
  SomeClientOption,
  UseMessagesOptions,
  UseMessagesResult,
} from './use-messages'
export { useRequest } from './use-request'
export type { RequestStatus, UseRequestOptions, UseRequestResult } from './use-request'
export { useConnectionStatus } from './use-connection-status'
export type {
  ConnectionStatusInfo,
  UseConnectionStatusOptions,
  UseConnectionStatusResult,
} from './use-connection-status'
export { useChat } from './use-chat'
export type {
  ChatDraft,
  ChatMessage,
  ChatStatus,
  FileSource,
  UseChatOptions,
  UseChatResult,
} from './use-chat'
export type {
  ChatFile,
  ChatMarkPayload,
  ChatMessagePayload,
  ChatMessages,
  ChatProtocol,
  ChatReactionPayload,
  ChatTypingPayload,
} from './chat-protocol'
export { usePresence } from './use-presence'
export type { Presence, PresenceStatus, UsePresenceOptions, UsePresenceResult } from './use-presence'
export { useNotifications } from './use-notifications'
export type {
  AppNotification,
  BrowserPermission,
  UseNotificationsOptions,
  UseNotificationsResult,
} from './use-notifications'
export type {
  NotificationIds,
  NotificationMarks,
  NotificationPayload,
  NotificationPriority,
  NotificationProtocol,
} from './notification-protocol'
export { useEvents } from './use-events'
export type { EventReminder, UseEventsOptions, UseEventsResult } from './use-events'
export type { CalendarEvent, CalendarEventChange, EventProtocol, NewCalendarEvent } from './event-protocol'
export { ConnectionStatus } from './connection-status'
export type { ConnectionStatusLabels, ConnectionStatusProps } from './connection-status'
export { DevTools } from './dev-tools'
export type { DevToolsProps } from './dev-tools'
export { createHooks } from './create-hooks'
export type { TypedHooks } from './create-hooks'
export { manualFrames, pageFrames } from './frames'
export type { FrameSource, ManualFrames } from './frames'
export { systemClock } from './clock'
export type { Clock } from './clock'
