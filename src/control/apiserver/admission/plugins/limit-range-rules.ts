import type { LimitRangeItem } from '../../../api/gen/core-v1.js';
import { Quantity } from '../../../machinery/quantity.js';

/** Amounts by resource name, as objects write them. */
export type Amounts = Readonly<Record<string, string>>;

/** What a container or pod breaks of an item of a LimitRange, in Kubernetes' words. */
export function limitProblems(
  type: string,
  item: LimitRangeItem,
  requests: Amounts,
  limits: Amounts,
): string[] {
  const problems: (string | null)[] = [];
  for (const [name, min] of Object.entries(item.min ?? {}))
    problems.push(minProblem(type, name, min, requests[name], limits[name]));
  for (const [name, max] of Object.entries(item.max ?? {}))
    problems.push(maxProblem(type, name, max, requests[name], limits[name]));
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {}))
    problems.push(ratioProblem(type, name, ratio, requests[name], limits[name]));
  return problems.filter((problem) => problem !== null);
}

/** The same for what has requests only, as claims. */
export function requestProblems(type: string, item: LimitRangeItem, requests: Amounts): string[] {
  const problems: (string | null)[] = [];
  for (const [name, min] of Object.entries(item.min ?? {}))
    problems.push(minProblem(type, name, min, requests[name], undefined));
  for (const [name, max] of Object.entries(item.max ?? {})) {
    const request = requests[name];
    const bound = `maximum ${name} usage per ${type} is ${max}`;
    if (request === undefined) problems.push(`${bound}.  No request is specified`);
    else if (exceeds(request, max)) problems.push(`${bound}, but request is ${request}`);
  }
  return problems.filter((problem) => problem !== null);
}

function minProblem(
  type: string,
  name: string,
  min: string,
  request: string | undefined,
  limit: string | undefined,
): string | null {
  const bound = `minimum ${name} usage per ${type} is ${min}`;
  if (request === undefined) return `${bound}.  No request is specified`;
  if (exceeds(min, request)) return `${bound}, but request is ${request}`;
  if (limit !== undefined && exceeds(min, limit)) return `${bound}, but limit is ${limit}`;
  return null;
}

function maxProblem(
  type: string,
  name: string,
  max: string,
  request: string | undefined,
  limit: string | undefined,
): string | null {
  const bound = `maximum ${name} usage per ${type} is ${max}`;
  if (limit === undefined) return `${bound}.  No limit is specified`;
  if (exceeds(limit, max)) return `${bound}, but limit is ${limit}`;
  if (request !== undefined && exceeds(request, max)) return `${bound}, but request is ${request}`;
  return null;
}

function ratioProblem(
  type: string,
  name: string,
  ratio: string,
  request: string | undefined,
  limit: string | undefined,
): string | null {
  const bound = `${name} max limit to request ratio per ${type} is ${ratio}`;
  if (request === undefined || numberOf(request) === 0)
    return `${bound}, but no request is specified or request is 0`;
  if (limit === undefined || numberOf(limit) === 0)
    return `${bound}, but no limit is specified or limit is 0`;
  const observed = numberOf(limit) / numberOf(request);
  return observed > numberOf(ratio) / 1000
    ? `${bound}, but provided ratio is ${observed.toFixed(6)}`
    : null;
}

function exceeds(amount: string, bound: string): boolean {
  return Quantity.parse(amount).compare(Quantity.parse(bound)) > 0;
}

/** In thousandths, which is as fine as these ratios are compared. */
function numberOf(amount: string): number {
  return Number(Quantity.parse(amount).milliValue());
}
