/** What the dynamic table charges for an entry on top of its octets (RFC 7541 section 4.1). */
const overheadBytes = 32;

/**
 * A header field. Both parts are latin1: one character an octet, as they came over the wire. Fields are immutable and
 * shared between the compression tables and the header lists that mention them.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Its size as RFC 7541 section 4.1 and SETTINGS_MAX_HEADER_LIST_SIZE count it. */
  readonly sizeBytes: number;
  /** What {@link isWellFormed} found, for it is asked for every request that refers to the field. */
  #isWellFormed: boolean | null = null;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.sizeBytes = name.length + value.length + overheadBytes;
  }

  /**
   * Whether name and value may stand in an HTTP/2 message (RFC 9113 section 8.2.1 and 8.2.2). Which pseudo-header fields
   * are allowed where is not asked here.
   */
  get isWellFormed(): boolean {
    this.#isWellFormed ??=
      isFieldName(this.name) && isFieldValue(this.value) && !connectionSpecific.has(this.name);
    return this.#isWellFormed;
  }
}

/** Fields that belong to an HTTP/1.1 connection; a message that has one is malformed (RFC 9113 section 8.2.2). */
const connectionSpecific: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

const colon = 0x3a;
const space = 0x20;
const tab = 0x09;

/** Section 8.2.1: no control characters, spaces, upper case, 0x7f and above; a colon only in front. */
function isFieldName(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i++) {
    const char = name.charCodeAt(i);
    if (char <= space || char >= 0x7f || (char >= 0x41 && char <= 0x5a)) return false;
    if (char === colon && i > 0) return false;
  }
  return name !== ':';
}

/** Section 8.2.1: no NUL, LF or CR, and no white space at either end. */
function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const char = value.charCodeAt(i);
    if (char === 0 || char === 0x0a || char === 0x0d) return false;
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(char: number): boolean {
  return char === space || char === tab;
}
