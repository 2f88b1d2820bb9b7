// What the editor says. Updates of Yjs are bytes, and travel as Base64.

/** Where somebody's caret is: relative positions of Yjs, so that they hold while others write. */
export interface CaretPayload {
  /** Different for each page. */
  page: string
  /** As `Y.relativePositionToJSON` has it; null: not in the text. */
  anchor: unknown
  head: unknown
  from?: string
}

export interface EditorProtocol {
  receive: { 'doc.update': { update: string; page: string }; 'doc.caret': CaretPayload }
  send: { 'doc.caret': CaretPayload }
  requests: {
    /** `state`: the state vector of what the page has. `update`: what it lacks. `state` of the reply: what the hub has. */
    'doc.open': { request: { state: string }; reply: { update: string; state: string } }
    'doc.update': { request: { update: string; page: string }; reply: null }
  }
}
