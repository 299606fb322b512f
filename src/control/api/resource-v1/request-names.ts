import { type FieldPath, invalidValue } from '../../machinery/field-path.js';
import { checkDnsLabel, type FieldErrors } from '../core-v1/field-checks.js';
import type { DeviceClaim } from '../gen/resource-v1.js';

/** The requests of a claim that other parts of it, and its allocation, can name: `request`, or `request/alternative`. */
export class RequestNames {
  readonly #names = new Set<string>();

  constructor(claim: DeviceClaim | undefined) {
    for (const { name = '', firstAvailable } of claim?.requests ?? []) {
      this.#names.add(name);
      for (const { name: sub = '' } of firstAvailable ?? []) this.#names.add(`${name}/${sub}`);
    }
  }

  /** The text must name one of them. */
  check(text: string, path: FieldPath, errors: FieldErrors): void {
    const detail =
      "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
    const parts = text.split('/');
    if (parts.length <= 2) for (const part of parts) checkDnsLabel(part, path, errors);
    if (!this.#names.has(text)) errors.push(invalidValue(path, text, detail));
  }
}
