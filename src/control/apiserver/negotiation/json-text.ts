const encoder = new TextEncoder();

/** A document as JSON: one line that ends with a line feed, or indented by two spaces. */
export function encodeJson(value: unknown, isPretty: boolean): Uint8Array {
  return encoder.encode(isPretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`);
}
