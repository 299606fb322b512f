/** What JSON can say. Mutable: who owns a decoded object may change it; an object that was handed over is left as it is. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [field: string]: JsonValue;
}
