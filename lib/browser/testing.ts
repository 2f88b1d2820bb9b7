// `hawser/testing` in browsers. Doubles evaluate routes at once, so what that needs comes along.
import { parts } from './parts'
import * as routes from './route-part'

export * from '../testing/index'

parts.routes ??= routes
