import t from 'tap';
import { ErrorCode, Flag, FrameType, preface, Setting } from '../../../src/rpc/http2/protocol.js';
import { Echo } from '../echo-service.js';
import { eventually } from '../support.js';
import {
  block,
  data,
  type Fields,
  frame,
  headers,
  hello,
  message,
  ping,
  requestFields,
  rstStream,
  settings,
  windowUpdate,
} from './frames.js';
import { HandClient } from './hand-client.js';
import { serveEcho } from './serve-echo.js';

const none = new Uint8Array(0);
const unary = Echo.methods.Unary.path;
const both = Echo.methods.Both.path;
const open = headers(1, requestFields(both));
const done = Buffer.concat([headers(1, requestFields(unary)), message(1, none)]);

/** What ends the connection, and with which code (RFC 9113). */
const connectionFaults: readonly (readonly [string, number, Uint8Array])[] = [
  ['3.4: no SETTINGS first', ErrorCode.protocolError, Buffer.concat([preface, ping()])],
  [
    '4.2: a frame above 2^14 bytes',
    ErrorCode.frameSizeError,
    greeted(frame(0, 0, 1, new Uint8Array(16_385))),
  ],
  [
    '4.3: a header block that does not decode',
    ErrorCode.compressionError,
    greeted(frame(1, Flag.endHeaders, 1, Uint8Array.of(0x80))),
  ],
  ['5.1: DATA on an idle stream', ErrorCode.protocolError, greeted(data(1, none))],
  ['5.1: RST_STREAM on an idle stream', ErrorCode.protocolError, greeted(rstStream(1))],
  ['5.1: WINDOW_UPDATE on an idle stream', ErrorCode.protocolError, greeted(windowUpdate(1, 1))],
  [
    '5.1: HEADERS on a stream that has ended',
    ErrorCode.streamClosed,
    greeted(done, headers(1, requestFields(unary), true)),
  ],
  [
    '5.1.1: a smaller identifier',
    ErrorCode.streamClosed,
    greeted(headers(3, requestFields(both)), headers(1, requestFields(both))),
  ],
  ['5.1.1: an even identifier', ErrorCode.protocolError, greeted(headers(2, requestFields(unary)))],
  ['6.1: DATA on stream 0', ErrorCode.protocolError, greeted(data(0, none))],
  [
    '6.1: padding longer than the frame',
    ErrorCode.protocolError,
    greeted(open, frame(0, Flag.padded, 1, Uint8Array.of(1))),
  ],
  [
    '6.1: padded without a length',
    ErrorCode.protocolError,
    greeted(open, frame(0, Flag.padded, 1, none)),
  ],
  ['6.2: HEADERS on stream 0', ErrorCode.protocolError, greeted(headers(0, requestFields(unary)))],
  [
    '6.2: HEADERS too short for its priority',
    ErrorCode.protocolError,
    greeted(frame(1, Flag.endHeaders | Flag.priority, 1, Uint8Array.of(1, 2))),
  ],
  [
    '6.2: another frame within a header block',
    ErrorCode.protocolError,
    greeted(frame(1, 0, 1, block(requestFields(unary))), ping()),
  ],
  [
    '6.2: CONTINUATION of another stream',
    ErrorCode.protocolError,
    greeted(frame(1, 0, 1, none), frame(9, Flag.endHeaders, 3, none)),
  ],
  [
    '6.3: PRIORITY on stream 0',
    ErrorCode.protocolError,
    greeted(frame(2, 0, 0, new Uint8Array(5))),
  ],
  ['6.4: RST_STREAM on stream 0', ErrorCode.protocolError, greeted(rstStream(0))],
  [
    '6.4: RST_STREAM of a wrong length',
    ErrorCode.frameSizeError,
    greeted(open, frame(3, 0, 1, new Uint8Array(5))),
  ],
  ['6.5: SETTINGS on a stream', ErrorCode.protocolError, greeted(frame(4, 0, 1, none))],
  [
    '6.5: SETTINGS of a wrong length',
    ErrorCode.frameSizeError,
    greeted(frame(4, 0, 0, new Uint8Array(5))),
  ],
  [
    '6.5: an acknowledgement with content',
    ErrorCode.frameSizeError,
    greeted(frame(4, Flag.ack, 0, new Uint8Array(6))),
  ],
  ['6.5.2: ENABLE_PUSH 2', ErrorCode.protocolError, greeted(settings([Setting.enablePush, 2]))],
  [
    '6.5.2: INITIAL_WINDOW_SIZE 2^31',
    ErrorCode.flowControlError,
    greeted(settings([Setting.initialWindowSize, 2 ** 31])),
  ],
  [
    '6.5.2: MAX_FRAME_SIZE 2^14-1',
    ErrorCode.protocolError,
    greeted(settings([Setting.maxFrameSize, 16_383])),
  ],
  [
    '6.5.2: MAX_FRAME_SIZE 2^24',
    ErrorCode.protocolError,
    greeted(settings([Setting.maxFrameSize, 2 ** 24])),
  ],
  [
    '6.6: PUSH_PROMISE',
    ErrorCode.protocolError,
    greeted(frame(5, Flag.endHeaders, 1, new Uint8Array(4))),
  ],
  [
    '6.7: PING of a wrong length',
    ErrorCode.frameSizeError,
    greeted(frame(6, 0, 0, new Uint8Array(7))),
  ],
  ['6.7: PING on a stream', ErrorCode.protocolError, greeted(frame(6, 0, 1, new Uint8Array(8)))],
  ['6.8: GOAWAY on a stream', ErrorCode.protocolError, greeted(frame(7, 0, 1, new Uint8Array(8)))],
  ['6.8: GOAWAY too short', ErrorCode.frameSizeError, greeted(frame(7, 0, 0, new Uint8Array(7)))],
  [
    '6.9: WINDOW_UPDATE of a wrong length',
    ErrorCode.frameSizeError,
    greeted(frame(8, 0, 0, new Uint8Array(3))),
  ],
  [
    '6.9: WINDOW_UPDATE by 0 on the connection',
    ErrorCode.protocolError,
    greeted(windowUpdate(0, 0)),
  ],
  [
    '6.9.1: the connection window above 2^31-1',
    ErrorCode.flowControlError,
    greeted(windowUpdate(0, 2 ** 31 - 1)),
  ],
  [
    '6.9.2: a window above 2^31-1 by SETTINGS',
    ErrorCode.flowControlError,
    greeted(open, windowUpdate(1, 2 ** 30), settings([Setting.initialWindowSize, 2 ** 31 - 1])),
  ],
  [
    '6.10: CONTINUATION without HEADERS',
    ErrorCode.protocolError,
    greeted(frame(9, Flag.endHeaders, 1, none)),
  ],
];

function greeted(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([hello, ...parts]);
}

t.test('a server ends a connection whose client breaks its rules, and says why', async (t) => {
  const { port, errors } = await serveEcho(t, {
    Unary: (request) => request,
    Both: async (stream) => {
      for await (const request of stream.requests) stream.send(request);
    },
  });
  for (const [what, code, bytes] of connectionFaults) {
    const client = await HandClient.connect(t, port);
    client.send(bytes);
    await eventually(() => client.goaway !== undefined, `${what}: GOAWAY`);
    t.equal(client.goaway, code, what);
    await eventually(() => client.isClosed, `${what}: the connection is closed`);
  }
  t.strictSame(errors, []);
});

/** What resets a stream, and with which code; the connection goes on. */
const streamFaults: readonly (readonly [string, number, Uint8Array])[] = [
  [
    '5.1: DATA after the end',
    ErrorCode.streamClosed,
    Buffer.concat([headers(1, requestFields(both), true), data(1, none)]),
  ],
  ['5.1: DATA on a closed stream', ErrorCode.streamClosed, Buffer.concat([done, data(1, none)])],
  [
    '5.1: HEADERS after the end',
    ErrorCode.streamClosed,
    Buffer.concat([headers(1, requestFields(both), true), headers(1, [], true)]),
  ],
  ['6.9: WINDOW_UPDATE by 0', ErrorCode.protocolError, Buffer.concat([open, windowUpdate(1, 0)])],
  [
    '6.9.1: a window above 2^31-1',
    ErrorCode.flowControlError,
    Buffer.concat([open, windowUpdate(1, 2 ** 31 - 1)]),
  ],
  [
    '8.1: a second header list that does not end',
    ErrorCode.protocolError,
    Buffer.concat([open, headers(1, [['x', 'y']])]),
  ],
  [
    '8.1.1: more payload than content-length',
    ErrorCode.protocolError,
    Buffer.concat([headers(1, requestFields(unary, [['content-length', '4']])), message(1, none)]),
  ],
  [
    '8.1.1: less payload than content-length',
    ErrorCode.protocolError,
    Buffer.concat([headers(1, requestFields(unary, [['content-length', '6']])), message(1, none)]),
  ],
  ...(
    [
      ['8.1.1: content-length that is no number', requestFields(unary, [['content-length', 'x']])],
      ['8.2.1: an upper-case name', requestFields(unary, [['X-y', 'z']])],
      ['8.2.1: a space in a name', requestFields(unary, [['x y', 'z']])],
      ['8.2.1: an empty name', requestFields(unary, [['', 'z']])],
      ['8.2.1: a line feed in a value', requestFields(unary, [['x', 'y\nz']])],
      ['8.2.1: NUL in a value', requestFields(unary, [['x', '\0']])],
      ['8.2.1: white space in front of a value', requestFields(unary, [['x', ' y']])],
      ['8.2.2: connection', requestFields(unary, [['connection', 'close']])],
      ['8.2.2: transfer-encoding', requestFields(unary, [['transfer-encoding', 'chunked']])],
      ['8.3: an unknown pseudo-header field', requestFields(unary, [[':x', 'y']])],
      ['8.3: a response pseudo-header field', [[':status', '200'], ...requestFields(unary)]],
      ['8.3: a late pseudo-header field', [...requestFields(unary).slice(1), [':method', 'POST']]],
      ['8.3.1: no :method', requestFields(unary).slice(1)],
      ['8.3.1: no :path', requestFields(unary).filter(([name]) => name !== ':path')],
      ['8.3.1: an empty :path', requestFields('')],
      ['8.3.1: :scheme twice', [[':scheme', 'http'], ...requestFields(unary)]],
    ] as readonly (readonly [string, Fields])[]
  ).map(([what, fields]) => [what, ErrorCode.protocolError, headers(1, fields)] as const),
];

t.test(
  'a server resets a stream whose client breaks its rules, and serves the others',
  async (t) => {
    const { port, errors } = await serveEcho(t, {
      Unary: (request) => request,
      Both: async (stream) => {
        for await (const request of stream.requests) stream.send(request);
        await new Promise<void>((resolve) =>
          stream.signal.addEventListener('abort', () => resolve()),
        );
      },
    });
    for (const [what, code, bytes] of streamFaults) {
      const client = await HandClient.connect(t, port);
      client.send(hello, bytes);
      await eventually(() => client.reset(1) !== undefined, `${what}: RST_STREAM`);
      t.equal(client.reset(1), code, what);
      client.send(headers(5, requestFields(unary)), message(5, none));
      await eventually(() => client.status(5) === 0, `${what}: the next call is served`);
      t.equal(client.goaway, undefined, what);
      client.socket.destroy();
    }
    t.strictSame(errors, []);
  },
);

const tolerated: readonly (readonly [string, Uint8Array])[] = [
  [
    'padding',
    Buffer.concat([
      frame(
        1,
        Flag.endHeaders | Flag.padded,
        1,
        Buffer.concat([Uint8Array.of(3), block(requestFields(unary)), Buffer.alloc(3)]),
      ),
      frame(
        0,
        Flag.padded | Flag.endStream,
        1,
        Buffer.concat([Uint8Array.of(4), Buffer.alloc(5), Buffer.alloc(4)]),
      ),
    ]),
  ],
  [
    'a priority',
    Buffer.concat([
      frame(
        1,
        Flag.endHeaders | Flag.priority,
        1,
        Buffer.concat([Buffer.alloc(5), block(requestFields(unary))]),
      ),
      message(1, none),
    ]),
  ],
  ['PRIORITY on any stream', Buffer.concat([frame(2, 0, 77, new Uint8Array(5)), done])],
  [
    'a header block in pieces',
    Buffer.concat([
      frame(1, 0, 1, none),
      ...[...block(requestFields(unary))]
        .slice(0, 20)
        .map((octet) => frame(9, 0, 1, Uint8Array.of(octet))),
      frame(9, Flag.endHeaders, 1, block(requestFields(unary)).subarray(20)),
      message(1, none),
    ]),
  ],
  [
    'a message in pieces',
    Buffer.concat([
      headers(1, requestFields(unary)),
      ...[0, 0, 0, 0, 0].map((octet) => data(1, Uint8Array.of(octet))),
      data(1, none, true),
    ]),
  ],
  ['frames of unknown types', Buffer.concat([frame(0x20, 0xff, 7, Buffer.alloc(100)), done])],
  ['unknown settings', Buffer.concat([settings([0x99, 1]), done])],
  [
    'trailers',
    Buffer.concat([
      headers(1, requestFields(unary)),
      message(1, none, false),
      headers(1, [['x', 'y']], true),
    ]),
  ],
  [
    'an authority that is a URL',
    Buffer.concat([
      headers(
        1,
        requestFields(unary).map(([name, value]) => [
          name,
          name === ':authority' ? 'http://host:1' : value,
        ]),
      ),
      message(1, none),
    ]),
  ],
  [
    'te of another kind',
    Buffer.concat([
      headers(
        1,
        requestFields(unary).map(([name, value]) => [name, name === 'te' ? 'gzip' : value]),
      ),
      message(1, none),
    ]),
  ],
  [
    'a wide content-type',
    Buffer.concat([
      headers(
        1,
        requestFields(unary).map(([name, value]) => [
          name,
          name === 'content-type' ? 'application/grpc+proto' : value,
        ]),
      ),
      message(1, none),
    ]),
  ],
  [
    'WINDOW_UPDATE and RST_STREAM on a closed stream',
    Buffer.concat([
      headers(1, requestFields(unary)),
      message(1, none),
      windowUpdate(1, 5),
      rstStream(1),
    ]),
  ],
];

t.test('a server takes what the specifications allow', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  for (const [what, bytes] of tolerated) {
    const client = await HandClient.connect(t, port);
    client.send(hello, bytes);
    await eventually(() => client.status(1) !== undefined, what);
    t.equal(client.status(1), 0, what);
    t.equal(client.of(FrameType.rstStream).length, 0, what);
  }
});

const refusals: readonly (readonly [
  string,
  Fields,
  http: string,
  grpc: string,
  message: string,
])[] = [
  ['no content-type', without('content-type'), '415', '3', 'invalid gRPC request content-type ""'],
  [
    'another content-type',
    replaced('content-type', 'application/grpcweb'),
    '415',
    '3',
    'invalid gRPC request content-type "application/grpcweb"',
  ],
  [
    'GET',
    replaced(':method', 'GET'),
    '405',
    '13',
    'Received a HEADERS frame with :method "GET" which should be POST',
  ],
  [
    'a bad timeout',
    requestFields(unary, [['grpc-timeout', '5x']]),
    '400',
    '13',
    'malformed grpc-timeout: "5x"',
  ],
  [
    'a timeout of nine digits',
    requestFields(unary, [['grpc-timeout', '123456789S']]),
    '400',
    '13',
    'malformed grpc-timeout: "123456789S"',
  ],
  [
    'an unknown compression',
    requestFields(unary, [['grpc-encoding', 'snappy']]),
    '200',
    '12',
    'grpc: Decompressor is not installed for grpc-encoding "snappy"',
  ],
  [
    'bad base64',
    requestFields(unary, [['x-bin', '!']]),
    '400',
    '13',
    'malformed binary metadata "!" in header "x-bin"',
  ],
  [
    'an unknown method',
    requestFields('/test.Echo/No%pe'),
    '200',
    '12',
    'unknown method No%25pe for service test.Echo',
  ],
];

function without(name: string): Fields {
  return requestFields(unary).filter((field) => field[0] !== name);
}

function replaced(name: string, value: string): Fields {
  return requestFields(unary).map((field) => (field[0] === name ? [name, value] : field));
}

t.test("a server refuses what is no gRPC call that it has, in grpc-go's words", async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  for (const [what, fields, http, status, text] of refusals) {
    const client = await HandClient.connect(t, port);
    client.send(hello, headers(1, fields));
    await eventually(() => client.status(1) !== undefined, what);
    const [head] = client.of(FrameType.headers, 1);
    t.match(head!.fields, { ':status': http, 'grpc-status': status, 'grpc-message': text }, what);
    t.equal(head!.flags & Flag.endStream, Flag.endStream, what);
    t.equal(client.reset(1), ErrorCode.noError, what);
    t.equal(head!.fields['grpc-accept-encoding'], 'identity,gzip', what);
  }
});

const badMessages: readonly (readonly [string, Uint8Array, string, string])[] = [
  [
    'a compressed flag',
    data(1, Uint8Array.of(1, 0, 0, 0, 0), true),
    '13',
    'grpc: compressed flag set with identity or empty encoding',
  ],
  [
    'an unknown flag',
    data(1, Uint8Array.of(7, 0, 0, 0, 0), true),
    '13',
    'grpc: received unexpected payload format 7',
  ],
  ['no message', data(1, none, true), '13', 'the request ends before its message does'],
  [
    'half a message',
    data(1, Uint8Array.of(0, 0, 0, 0, 9, 1), true),
    '13',
    'the request ends before its message does',
  ],
  [
    'two messages',
    Buffer.concat([message(1, none, false), message(1, none)]),
    '13',
    'a unary call takes one request message, and got more',
  ],
  [
    'a large message',
    data(1, Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff), false),
    '8',
    'grpc: received message larger than max (4294967295 vs. 2097152)',
  ],
];

t.test('a server refuses payload that is not one message', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request });
  for (const [what, bytes, status, text] of badMessages) {
    const client = await HandClient.connect(t, port);
    client.send(hello, headers(1, requestFields(unary)), bytes);
    await eventually(() => client.status(1) !== undefined, what);
    const [head] = client.of(FrameType.headers, 1);
    t.match(head!.fields, { ':status': '200', 'grpc-status': status, 'grpc-message': text }, what);
  }
});
