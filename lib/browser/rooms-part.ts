// Rooms: what a page loads that joins one.
export { Positions } from '../client/portable/positions'
export { Rooms } from '../client/rooms'
