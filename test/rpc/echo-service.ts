import type { ServiceDescriptor } from '../../src/wire/descriptor.js';
import { KeyValue } from '../../src/wire/gen/mvccpb.js';

/** A service with one method of each kind, over a message that has bytes in it. */
export const Echo = {
  name: 'test.Echo',
  methods: {
    Unary: {
      name: 'Unary',
      path: '/test.Echo/Unary',
      requestStream: false,
      responseStream: false,
      request: KeyValue,
      response: KeyValue,
    },
    Absent: {
      name: 'Absent',
      path: '/test.Echo/Absent',
      requestStream: false,
      responseStream: false,
      request: KeyValue,
      response: KeyValue,
    },
    Down: {
      name: 'Down',
      path: '/test.Echo/Down',
      requestStream: false,
      responseStream: true,
      request: KeyValue,
      response: KeyValue,
    },
    Up: {
      name: 'Up',
      path: '/test.Echo/Up',
      requestStream: true,
      responseStream: false,
      request: KeyValue,
      response: KeyValue,
    },
    Both: {
      name: 'Both',
      path: '/test.Echo/Both',
      requestStream: true,
      responseStream: true,
      request: KeyValue,
      response: KeyValue,
    },
  },
} as const satisfies ServiceDescriptor;

/** A message whose value is the text. */
export function message(text: string): KeyValue {
  return KeyValue.create({ value: Buffer.from(text) });
}

/** The text of a message. */
export function textOf(kv: KeyValue): string {
  return Buffer.from(kv.value).toString();
}

/** All texts of a stream. */
export async function collect(responses: AsyncIterable<KeyValue>): Promise<string[]> {
  const texts: string[] = [];
  for await (const response of responses) texts.push(textOf(response));
  return texts;
}
