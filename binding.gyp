# Builds the Node-API addon from the lists in src/sources.json; holds no logic of its own.
{
  'variables': {
    'deps_prefix%': '<!(node scripts/gyp.cjs prefix)',
  },
  'targets': [
    {
      'target_name': 'hawser',
      'sources': ['<!@(node scripts/gyp.cjs sources)'],
      'include_dirs': ['<!@(node scripts/gyp.cjs includes)'],
      # Node's header directory carries its own openssl/ headers, which do not fit the library linked here.
      # The addon needs nothing but Node-API, whose headers come from a package of their own.
      'include_dirs!': [
        '<(node_root_dir)/include/node',
        '<(node_root_dir)/src',
        '<(node_root_dir)/deps/openssl/config',
        '<(node_root_dir)/deps/openssl/openssl/include',
        '<(node_root_dir)/deps/uv/include',
        '<(node_root_dir)/deps/zlib',
        '<(node_root_dir)/deps/v8/include',
      ],
      'defines': [
        'NAPI_VERSION=8',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # A worker that is being terminated takes no exception any more; that must not end the process.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'BOOST_ASIO_NO_DEPRECATED',
        'BOOST_ASIO_DISABLE_VISIBILITY',
        'NDEBUG',
      ],
      'conditions': [
        [
          'OS=="linux"',
          {
            'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++1y', '-O3'],
            'cflags!': ['-O3'],
            'cflags_cc': [
              '-std=gnu++20',
              '-O2',
              '-Wall',
              '-Wextra',
              '-fvisibility=hidden',
              '-fvisibility-inlines-hidden',
              '-ffunction-sections',
              '-fdata-sections',
              '-fno-semantic-interposition',
            ],
            # libgcc_s stays dynamic: the static one needs a symbol of glibc 2.35.
            'ldflags': [
              '-static-libstdc++',
              '-Wl,--exclude-libs,ALL',
              '-Wl,--version-script=../src/exports.map',
              '-Wl,--gc-sections',
              '-Wl,-z,nodelete',
              '-Wl,-z,relro,-z,now',
            ],
            'libraries': ['-l:libssl.a', '-l:libcrypto.a', '-l:libz.a', '-l:libsqlite3.a', '-pthread', '-ldl'],
          },
        ],
        [
          'OS=="mac"',
          {
            'include_dirs': ['<(deps_prefix)/include'],
            'libraries': [
              '<(deps_prefix)/lib/libssl.a',
              '<(deps_prefix)/lib/libcrypto.a',
              '<(deps_prefix)/lib/libz.a',
              '<(deps_prefix)/lib/libsqlite3.a',
            ],
            'xcode_settings': {
              'CLANG_CXX_LANGUAGE_STANDARD': 'gnu++20',
              'CLANG_CXX_LIBRARY': 'libc++',
              'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
              'GCC_ENABLE_CPP_RTTI': 'YES',
              'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
              'MACOSX_DEPLOYMENT_TARGET': '11.0',
            },
          },
        ],
        [
          'OS=="win"',
          {
            'include_dirs': ['<(deps_prefix)/include'],
            'defines': ['_WIN32_WINNT=0x0A00', 'NOMINMAX', 'WIN32_LEAN_AND_MEAN'],
            'libraries': [
              '<(deps_prefix)/lib/libssl.lib',
              '<(deps_prefix)/lib/libcrypto.lib',
              '<(deps_prefix)/lib/zlib.lib',
              '<(deps_prefix)/lib/sqlite3.lib',
              'ws2_32.lib',
              'mswsock.lib',
              'crypt32.lib',
              'bcrypt.lib',
            ],
            'msvs_settings': {
              'VCCLCompilerTool': {
                'AdditionalOptions': ['/std:c++20', '/Zc:__cplusplus', '/bigobj'],
                'ExceptionHandling': 1,
                'RuntimeTypeInfo': 'true',
              },
            },
          },
        ],
      ],
    },
  ],
}
