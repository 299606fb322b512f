import t from 'tap';
import { fromHex, toHex } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import { HpackDecoder, HpackError } from '../../../src/rpc/http2/hpack/decoder.js';
import {
  HpackEncoder,
  type OutgoingField,
  RecurringBlock,
} from '../../../src/rpc/http2/hpack/encoder.js';
import {
  huffmanDecode,
  huffmanEncode,
  huffmanEncodedBytes,
} from '../../../src/rpc/http2/hpack/huffman.js';

type Pair = readonly [name: string, value: string];

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.replaceAll(' ', ''))!;
}

function decode(decoder: HpackDecoder, bytes: Uint8Array): Pair[] {
  const pairs: Pair[] = [];
  decoder.decode(bytes, 0, bytes.length, ({ name, value }) => void pairs.push([name, value]));
  return pairs;
}

/** RFC 7541 appendix C: blocks of one connection with their header lists and the size of the table after each. */
const vectors: readonly {
  readonly title: string;
  readonly tableBytes: number;
  readonly blocks: readonly (readonly [hex: string, fields: readonly Pair[], tableBytes: number])[];
}[] = [
  {
    title: 'C.2.1 literal with indexing',
    tableBytes: 4096,
    blocks: [
      [
        '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
        [['custom-key', 'custom-header']],
        55,
      ],
    ],
  },
  {
    title: 'C.2.2 literal without indexing',
    tableBytes: 4096,
    blocks: [['040c 2f73 616d 706c 652f 7061 7468', [[':path', '/sample/path']], 0]],
  },
  {
    title: 'C.2.3 literal never indexed',
    tableBytes: 4096,
    blocks: [['1008 7061 7373 776f 7264 0673 6563 7265 74', [['password', 'secret']], 0]],
  },
  { title: 'C.2.4 indexed', tableBytes: 4096, blocks: [['82', [[':method', 'GET']], 0]] },
  {
    title: 'C.3 requests without Huffman',
    tableBytes: 4096,
    blocks: [
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        [
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', '/'],
          [':authority', 'www.example.com'],
        ],
        57,
      ],
      [
        '8286 84be 5808 6e6f 2d63 6163 6865',
        [
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', '/'],
          [':authority', 'www.example.com'],
          ['cache-control', 'no-cache'],
        ],
        110,
      ],
      [
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
        [
          [':method', 'GET'],
          [':scheme', 'https'],
          [':path', '/index.html'],
          [':authority', 'www.example.com'],
          ['custom-key', 'custom-value'],
        ],
        164,
      ],
    ],
  },
  {
    title: 'C.4 requests with Huffman',
    tableBytes: 4096,
    blocks: [
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        [
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', '/'],
          [':authority', 'www.example.com'],
        ],
        57,
      ],
      [
        '8286 84be 5886 a8eb 1064 9cbf',
        [
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', '/'],
          [':authority', 'www.example.com'],
          ['cache-control', 'no-cache'],
        ],
        110,
      ],
      [
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
        [
          [':method', 'GET'],
          [':scheme', 'https'],
          [':path', '/index.html'],
          [':authority', 'www.example.com'],
          ['custom-key', 'custom-value'],
        ],
        164,
      ],
    ],
  },
  {
    title: 'C.6 responses with Huffman and evictions',
    tableBytes: 256,
    blocks: [
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        [
          [':status', '302'],
          ['cache-control', 'private'],
          ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
          ['location', 'https://www.example.com'],
        ],
        222,
      ],
      [
        '4883 640e ffc1 c0bf',
        [
          [':status', '307'],
          ['cache-control', 'private'],
          ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
          ['location', 'https://www.example.com'],
        ],
        222,
      ],
      [
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
        [
          [':status', '200'],
          ['cache-control', 'private'],
          ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
          ['location', 'https://www.example.com'],
          ['content-encoding', 'gzip'],
          ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
        ],
        215,
      ],
    ],
  },
];

t.test('HpackDecoder decodes the examples of RFC 7541 appendix C', async (t) => {
  for (const { title, tableBytes, blocks } of vectors) {
    const decoder = new HpackDecoder(tableBytes);
    blocks.forEach(([hex, fields, sizeBytes], i) => {
      t.strictSame(decode(decoder, bytesOf(hex)), fields, `${title}, block ${i + 1}`);
      t.equal(decoder.table.sizeBytes, sizeBytes, `${title}, table after block ${i + 1}`);
    });
  }
});

const malformed: readonly (readonly [what: string, hex: string])[] = [
  ['index 0', '80'],
  ['an index beyond the static table', 'be'],
  ['an index far beyond', 'ff ff ff ff 0f'],
  ['an integer that never ends', 'ff 80 80 80 80 80 80 80 01'],
  ['a literal whose name index is unknown', '7f 00 01 61'],
  ['a block that ends after its first octet', '40'],
  ['a string longer than the block', '00 05 61 62'],
  ['a value that is missing', '00 01 61'],
  ['a Huffman string that contains EOS', '00 84 ff ff ff ff 00'],
  ['Huffman padding of more than 7 bits', '00 82 1f ff 00'],
  ['Huffman padding with zeros', '00 81 18 00'],
  ['a table size above the limit', '3f e2 1f'],
  ['a table size update after a field', '82 20'],
  ['three table size updates', '20 20 20 82'],
];

t.test('HpackDecoder refuses malformed blocks', async (t) => {
  for (const [what, hex] of malformed) {
    t.throws(() => decode(new HpackDecoder(4096), bytesOf(hex)), HpackError, what);
  }
});

t.test('huffmanDecode inverts huffmanEncode for every octet, alone and among others', async (t) => {
  const prng = new Prng(7541);
  const texts = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));
  for (let i = 0; i < 500; i++) {
    texts.push(String.fromCharCode(...prng.bytes(prng.int(0, 60))));
  }
  for (const text of texts) {
    const encoded = new Uint8Array(text.length * 4 + 4);
    const length = huffmanEncode(text, encoded, 0);
    const decoded = new Uint8Array(text.length + 8);
    const count = huffmanDecode(encoded, 0, length, decoded);
    const same = String.fromCharCode(...decoded.subarray(0, count)) === text;
    if (!same || length !== huffmanEncodedBytes(text)) t.fail(`seed 7541: ${JSON.stringify(text)}`);
  }
  t.pass(`${texts.length} texts`);
});

t.test(
  'HpackEncoder and HpackDecoder agree on random lists while the table size changes',
  async (t) => {
    const seed = 20;
    const prng = new Prng(seed);
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(4096);
    const names = ['a', 'content-type', ':status', 'x-long-name-of-a-field', 'grpc-status'];
    for (let round = 0; round < 2000; round++) {
      if (prng.chance(0.1))
        encoder.setPeerTableSize(prng.pick([0, 50, 100, 300, 4096, 2 ** 32 - 1]));
      const fields = Array.from(
        { length: prng.int(0, 8) },
        (): OutgoingField => ({
          name: prng.pick(names),
          value: prng.chance(0.5)
            ? prng.pick(['200', 'gzip', ''])
            : String.fromCharCode(...prng.bytes(prng.int(0, 80))),
          kind: prng.pick(['indexed', 'literal', 'sensitive']),
        }),
      );
      const got = decode(decoder, encoder.encode(fields));
      const wanted = fields.map(({ name, value }) => [name, value]);
      if (JSON.stringify(got) !== JSON.stringify(wanted)) {
        t.fail(
          `seed ${seed} round ${round}: ${JSON.stringify(wanted)} came as ${JSON.stringify(got)}`,
        );
        return;
      }
      if (decoder.table.sizeBytes !== encoder.table.sizeBytes) {
        t.fail(`seed ${seed} round ${round}: the tables differ in size`);
        return;
      }
    }
    t.pass('all rounds');
  },
);

t.test(
  'RecurringBlock follows the table: inserted once, then an index, and anew after a resize',
  async (t) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(4096);
    const block = new RecurringBlock(encoder, [
      { name: ':status', value: '200', kind: 'indexed' },
      { name: 'content-type', value: 'application/grpc', kind: 'indexed' },
    ]);
    const fields: Pair[] = [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ];
    t.strictSame(decode(decoder, block.encode()), fields);
    t.equal(toHex(block.encode()), '88be');
    t.strictSame(decode(decoder, block.encode()), fields);
    encoder.encode([{ name: 'x', value: 'y', kind: 'indexed' }]);
    t.equal(toHex(block.encode()), '88bf', 'another entry moved it');
    encoder.setPeerTableSize(0);
    const other = new HpackDecoder(4096);
    for (let i = 0; i < 3; i++) t.strictSame(decode(other, block.encode()), fields);
    t.equal(other.table.count, 0);
  },
);
