import { defined } from '../../../base/assert.js';
import { decodeObject, type FieldValidation } from '../../api/codec/decode.js';
import { checkKind, kindOf } from '../../api/codec/envelope.js';
import type { Scheme } from '../../api/scheme.js';
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../../machinery/object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { unsupportedMediaType } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { parseMediaRange } from '../negotiation/media-range.js';
import type { ProtobufCodec } from '../negotiation/object-codec.js';
import { mediaTypes, type Serialization } from '../negotiation/output-format.js';

/** What a body is expected to be. */
export interface ExpectedBody {
  readonly of: GroupVersionKind;
  readonly schema: SchemaNode;
  readonly isCustom: boolean;
  readonly setDefaults: ((object: KubeObject) => void) | undefined;
  readonly fieldValidation: FieldValidation;
}

/** Reads bodies as objects. */
export class BodyDecoder {
  readonly #scheme: Scheme;
  readonly #protobuf: ProtobufCodec | null;

  constructor(scheme: Scheme, protobuf: ProtobufCodec | null) {
    this.#scheme = scheme;
    this.#protobuf = protobuf;
  }

  /** The format that the Content-Type names; throws 415. Without one it is JSON. */
  formatOf(exchange: Exchange): Serialization {
    const contentType = exchange.header('content-type') ?? '';
    if (contentType.trim() === '') return 'json';
    const range = parseMediaRange(contentType);
    const essence = range === null ? '' : `${range.type}/${range.subtype}`;
    if (essence === mediaTypes.json || essence === mediaTypes.yaml) {
      return essence === mediaTypes.json ? 'json' : 'yaml';
    }
    if (essence === mediaTypes.protobuf && this.#protobuf !== null) return 'protobuf';
    throw unsupportedMediaType(this.acceptedTypes());
  }

  acceptedTypes(): string[] {
    const all = [mediaTypes.json, mediaTypes.yaml];
    return this.#protobuf === null ? all : [...all, mediaTypes.protobuf];
  }

  /** The object in a body, with its defaults. Throws 400 with the words of Go's decoder. */
  decode(exchange: Exchange, body: Uint8Array, expected: ExpectedBody): KubeObject {
    const format = this.formatOf(exchange);
    if (format !== 'protobuf') return this.read(exchange, { body, format, expected });
    const fields = defined(this.#protobuf, 'the protobuf codec').decode(body, expected.of);
    checkKind(this.#scheme, kindOf(fields, expected, body), expected);
    const { kind } = expected.of;
    const object = { ...fields, apiVersion: apiVersionOf(expected.of), kind } as KubeObject;
    expected.setDefaults?.(object);
    return object;
  }

  /** The same for JSON or YAML that does not come with the request as it is, such as what a patch made. */
  read(
    exchange: Exchange,
    {
      body,
      format,
      expected,
      complete = (read) => read,
    }: {
      readonly body: Uint8Array;
      readonly format: 'json' | 'yaml';
      readonly expected: ExpectedBody;
      /** Puts the body into the rest of the object, when it is a part only, before defaults are filled in. */
      readonly complete?: (read: KubeObject) => KubeObject;
    },
  ): KubeObject {
    const { fieldValidation, setDefaults } = expected;
    const { object: read, warnings } = decodeObject(this.#scheme, expected, {
      body,
      format,
      fieldValidation,
    });
    for (const warning of warnings) exchange.warn(warning);
    const object = complete(read);
    setDefaults?.(object);
    exchange.observer?.onRequestObject(object);
    return object;
  }
}
