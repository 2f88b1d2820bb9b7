// A page for tests: jsdom, with what browsers and Node have and jsdom has not.
const { TestEnvironment } = require('jest-environment-jsdom')
const util = require('node:util')

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup()
    // Bytes and texts of Node's modules are of Node's classes.
    Object.assign(this.global, {
      ArrayBuffer,
      SharedArrayBuffer,
      Uint8Array,
      TextEncoder: util.TextEncoder,
      TextDecoder: util.TextDecoder,
      // Servers let the process end although a timer runs.
      setTimeout,
      clearTimeout,
      setInterval,
      clearInterval,
      setImmediate,
      clearImmediate,
      structuredClone,
      IS_REACT_ACT_ENVIRONMENT: true,
    })
  }
}
