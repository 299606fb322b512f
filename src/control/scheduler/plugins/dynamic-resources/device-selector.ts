import type { DeviceAttribute } from '../../../api/gen/resource-v1.js';
import {
  bool,
  CelError,
  type CelMap,
  type CelType,
  type CelValue,
  CompileError,
  compile,
  dyn,
  environmentOf,
  mapOf,
  named,
  type Program,
  SemverValue,
  string,
} from '../../../cel/index.js';
import { Quantity } from '../../../machinery/quantity.js';
import type { PoolDevice } from './device-pools.js';

/** What a selector may look at. */
const deviceType: CelType = {
  kind: 'object',
  name: 'kubernetes.DRADevice',
  fields: new Map<string, CelType>([
    ['driver', string],
    ['attributes', mapOf(string, mapOf(string, dyn))],
    ['capacity', mapOf(string, mapOf(string, named('Quantity')))],
    ['allowMultipleAllocations', bool],
  ]),
};
const environment = environmentOf({ device: deviceType });
/** Kubernetes' limit of what one evaluation may cost. */
const costMax = 1_000_000;
const programsMax = 1000;

/** A selector cannot be asked. The text says why. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** Asks devices whether expressions hold of them. Expressions are compiled once; the oldest are forgotten first. */
export class DeviceSelectors {
  readonly #programs = new Map<string, Program | CompileError>();
  readonly #values = new WeakMap<PoolDevice, CelMap>();

  /** Throws {@link SelectorError}. */
  matches(expression: string, device: PoolDevice): boolean {
    const program = this.#program(expression);
    if (program instanceof CompileError) {
      throw new SelectorError(`CEL compile error: ${program.message}`);
    }
    const value = this.#valueOf(device);
    try {
      return (
        program.run((name) => (name === 'device' ? value : undefined), { left: costMax }) === true
      );
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      throw new SelectorError(`CEL runtime error: ${error.message}`);
    }
  }

  #program(expression: string): Program | CompileError {
    const known = this.#programs.get(expression);
    if (known !== undefined) return known;
    if (this.#programs.size >= programsMax) {
      const [oldest = ''] = this.#programs.keys();
      this.#programs.delete(oldest);
    }
    const program = compiled(expression);
    this.#programs.set(expression, program);
    return program;
  }

  #valueOf(device: PoolDevice): CelMap {
    let value = this.#values.get(device);
    if (value === undefined) {
      value = deviceValue(device);
      this.#values.set(device, value);
    }
    return value;
  }
}

function compiled(expression: string): Program | CompileError {
  try {
    return compile(expression, environment, bool);
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
}

function deviceValue({ driver, device }: PoolDevice): CelMap {
  const attributes = byDomain(driver, device.attributes ?? {}, attributeValue);
  const capacity = byDomain(driver, device.capacity ?? {}, ({ value }) =>
    Quantity.fromJson(value ?? '0'),
  );
  return new Map<string, CelValue>([
    ['driver', driver],
    ['attributes', attributes],
    ['capacity', capacity],
    ['allowMultipleAllocations', device.allowMultipleAllocations === true],
  ]);
}

/** Of a domain that a device says nothing of there is nothing, which is not an error. */
class Domains extends Map<string, CelValue> {
  override get(domain: string): CelValue {
    return super.get(domain) ?? new Map();
  }
}

function byDomain<T>(
  driver: string,
  named: Readonly<Record<string, T>>,
  read: (item: T) => CelValue | undefined,
): Domains {
  const domains = new Map<string, Map<string, CelValue>>();
  for (const [key, item] of Object.entries(named)) {
    const value = read(item);
    if (value === undefined) continue;
    const { domain, name } = qualifiedName(driver, key);
    const own = domains.get(domain) ?? new Map<string, CelValue>();
    domains.set(domain, own.set(name, value));
  }
  return new Domains(domains);
}

/** The parts of a name; one without a domain is the driver's. */
export function qualifiedName(driver: string, key: string): { domain: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { domain: driver, name: key }
    : { domain: key.slice(0, slash), name: key.slice(slash + 1) };
}

function attributeValue(attribute: DeviceAttribute): CelValue | undefined {
  const { bool: flag, int, string: text, version } = attribute;
  const { bools, ints, strings, versions } = attribute;
  if (flag !== undefined) return flag;
  if (int !== undefined) return BigInt(int);
  if (text !== undefined) return text;
  if (version !== undefined) return new SemverValue(version);
  return bools ?? ints?.map(BigInt) ?? strings ?? versions?.map((each) => new SemverValue(each));
}
