import { WebSocketClient } from 'hawser'
import { fromClient } from 'hawser/rxjs'
console.log(WebSocketClient, fromClient)
