// Byte sequences that are no UTF-8 (Unicode 15, table 3-7), and ones at the very edge that are.

/** Name, bytes, and how many of the bytes it takes until no continuation could make them valid. */
export const invalidUtf8: [name: string, bytes: Buffer, decidedAt: number][] = [
  ['lone continuation 80', hex('80'), 1],
  ['lone continuation bf', hex('bf'), 1],
  ['two continuations', hex('8081'), 1],
  ['fe', hex('fe'), 1],
  ['ff', hex('ff'), 1],
  ['overlong slash in two bytes', hex('c0af'), 1],
  ['overlong 7f in two bytes', hex('c1bf'), 1],
  ['overlong slash in three bytes', hex('e080af'), 2],
  ['overlong 7ff in three bytes', hex('e09fbf'), 2],
  ['overlong slash in four bytes', hex('f08080af'), 2],
  ['overlong ffff in four bytes', hex('f08fbfbf'), 2],
  ['five-byte sequence', hex('f888808080'), 1],
  ['six-byte sequence', hex('fc8480808080'), 1],
  ['surrogate d800', hex('eda080'), 2],
  ['surrogate dfff', hex('edbfbf'), 2],
  ['surrogate pair', hex('eda081edb080'), 2],
  ['above 10ffff', hex('f4908080'), 2],
  ['lead f5', hex('f5808080'), 1],
  ['two-byte lead, then ASCII', hex('c341'), 2],
  ['three-byte lead, then ASCII', hex('e241'), 2],
  ['three-byte lead and one continuation, then ASCII', hex('e28241'), 3],
  ['four-byte lead and two continuations, then ASCII', hex('f09f9841'), 4],
  ['lead after lead', hex('c3c3a9'), 2],
]

/** Valid so far, but not at the end of a message. */
export const truncatedUtf8: [name: string, bytes: Buffer][] = [
  ['two-byte sequence without its second', hex('c3')],
  ['three-byte sequence after one', hex('e2')],
  ['three-byte sequence after two', hex('e282')],
  ['four-byte sequence after one', hex('f0')],
  ['four-byte sequence after three', hex('f09f98')],
]

export const validUtf8: [name: string, bytes: Buffer][] = [
  ['NUL', hex('00')],
  ['7f', hex('7f')],
  ['80', hex('c280')],
  ['7ff', hex('dfbf')],
  ['800', hex('e0a080')],
  ['before the surrogates', hex('ed9fbf')],
  ['after the surrogates', hex('ee8080')],
  ['fffd', hex('efbfbd')],
  ['a non-character', hex('efbfbe')],
  ['a byte order mark', hex('efbbbf41')],
  ['10000', hex('f0908080')],
  ['10ffff', hex('f48fbfbf')],
  ['a mixture', Buffer.from('κόσμε é 漢字 🚢 end')],
]

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}
