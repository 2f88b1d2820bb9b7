// The same where something on the way gathers answers, so that streams do not pass.
import { overHttp } from './support/over-http'

overHttp({ polls: true })

describe.each(['hub-client'])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
