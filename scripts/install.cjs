// Runs when the package is installed: nothing is compiled where the prebuilt binary loads. Where it does not, a build
// is tried; if that fails too, the installation still succeeds and the loader reports the reason at run time.
'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const root = path.join(__dirname, '..')
const prebuilt = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'hawser.node')

function prebuiltLoads() {
  if (!fs.existsSync(prebuilt)) return false
  try {
    process.dlopen({ exports: {} }, prebuilt, os.constants.dlopen?.RTLD_NOW)
    return true
  } catch (error) {
    console.log(`hawser: the prebuilt binary does not load here: ${error.message}`)
    return false
  }
}

/** npm tells where its own node-gyp is; other package managers have it on PATH. */
function compile() {
  const own = process.env.npm_config_node_gyp
  const [command, ...args] = own && fs.existsSync(own) ? [process.execPath, own] : ['node-gyp']
  const result = spawnSync(command, [...args, 'rebuild', '--loglevel=error', '--jobs=max'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  return result.status === 0
}

// A checkout of the repository is built by `npm run build`, after it has made sure of the system packages.
const isCheckout = fs.existsSync(path.join(root, 'scripts/setup.mjs'))

if (!isCheckout && !prebuiltLoads()) {
  console.log(`hawser: no prebuilt binary fits ${process.platform}-${process.arch}; compiling one`)
  if (!compile()) {
    console.log(
      [
        'hawser: the native part could not be compiled, so the package will not load here.',
        'Needed: a C++20 compiler, make, Python 3, Boost 1.81 or newer, OpenSSL 3 and zlib with static libraries',
        '(Debian: apt-get install g++ make python3 libboost1.81-dev libssl-dev zlib1g-dev libsqlite3-dev),',
        'then: npm rebuild hawser',
      ].join('\n'),
    )
  }
}
