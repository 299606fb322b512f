import { compareVersions } from './kubectls.js';

/** A command of a script with what it is to print. Standard output and standard error are one text, in the order they come. */
export interface Step {
  /** The line of the script that the command is on, from 1. */
  readonly line: number;
  /** A bash command; more than one line where it has a here-document. */
  readonly command: string;
  /** Patterns of output lines, as the script has them. */
  readonly expected: readonly string[];
  readonly exitCode: number;
  /** kubectl versions that it is for: `>=1.31`; '' for all. */
  readonly condition: string;
}

/** A part of a script: text that is kept as it is, or a step. */
export type Part = string | Step;

/** What the placeholders of one run stand for. */
export interface Place {
  /** The kubectl's version, `1.27`. */
  readonly version: string;
  readonly namespace: string;
  readonly dir: string;
}

const conditionPattern = /^(?:>=|<)\d+\.\d+(?: (?:>=|<)\d+\.\d+)*(?=[ |])/;

/** Reads a script; see scripts/README.md for its form. */
export function parseScript(text: string): Part[] {
  const lines = text.split('\n');
  const parts: Part[] = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i] ?? '';
    if (!line.startsWith('$ ')) {
      parts.push(line);
      i += 1;
      continue;
    }
    const start = i;
    const condition = conditionPattern.exec(line.slice(2))?.[0] ?? '';
    const command = [line.slice(2 + condition.length).trimStart()];
    for (i += 1; lines[i]?.startsWith('> ') || lines[i] === '>'; i++) {
      command.push((lines[i] ?? '').slice(2));
    }
    const expected: string[] = [];
    for (; i < lines.length && (lines[i]?.startsWith('  ') || isInnerBlank(lines, i)); i++) {
      expected.push((lines[i] ?? '').slice(2));
    }
    const exit = /^exit (\d+)$/.exec(lines[i] ?? '');
    if (exit !== null) i += 1;
    parts.push({
      line: start + 1,
      command: command.join('\n'),
      expected,
      exitCode: Number(exit?.[1] ?? 0),
      condition,
    });
  }
  return parts;
}

/** An empty line between two lines of output. */
function isInnerBlank(lines: readonly string[], at: number): boolean {
  if (lines[at] !== '') return false;
  const next = lines.slice(at).find((line) => line !== '');
  return next?.startsWith('  ') ?? false;
}

/** Whether conditions such as `>=1.31 <1.33` hold for a version. */
export function holds(conditions: string, version: string): boolean {
  return conditions.split(' ').every((condition) => {
    if (condition === '') return true;
    if (condition.startsWith('>=')) return compareVersions(version, condition.slice(2)) >= 0;
    return compareVersions(version, condition.slice(1)) < 0;
  });
}

/** Puts the run's own names into a text of the script. */
export function fill(text: string, place: Place): string {
  return text.replaceAll('<ns>', place.namespace).replaceAll('<dir>', place.dir);
}

const placeholders: ReadonlyMap<string, string> = new Map([
  ['<age>', '(?:\\d+[smh]){1,2}'],
  ['<uid>', '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'],
  ['<rv>', '\\d+'],
  ['<time>', '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z'],
  ['<ip>', '10\\.0\\.0\\.\\d+'],
  ['<suffix>', '[a-z0-9]{5}'],
  ['<any>', '.*'],
]);

/** Whether an output is what a step expects from this run. */
export function matches(step: Step, output: readonly string[], place: Place): boolean {
  const patterns = step.expected.flatMap((line) => {
    const condition = conditionPattern.exec(line)?.[0] ?? '';
    if (condition === '') return [line];
    return holds(condition, place.version) ? [line.slice(condition.length + 1)] : [];
  });
  return matchLines(patterns, output, place);
}

function matchLines(patterns: readonly string[], lines: readonly string[], place: Place): boolean {
  const [first, ...rest] = patterns;
  if (first === undefined) return lines.length === 0;
  if (first === '...') {
    return Array.from({ length: lines.length + 1 }, (_, skipped) => skipped).some((skipped) =>
      matchLines(rest, lines.slice(skipped), place),
    );
  }
  const [line, ...others] = lines;
  return (
    line !== undefined && linePattern(first, place).test(line) && matchLines(rest, others, place)
  );
}

/** A line's text with its placeholders; gaps of columns may be of any width. */
function linePattern(text: string, place: Place): RegExp {
  const since134 = holds('>=1.34', place.version);
  const own = fill(text, place).replaceAll(
    '<from>',
    since134 ? ` from ${place.namespace} namespace` : '',
  );
  const source = own
    .split(/(<[a-z]+>|(?<=\S) {2,})/)
    .map((piece) => {
      if (/^ {2,}$/.test(piece)) return ' {2,}';
      return placeholders.get(piece) ?? piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`);
}

/** An output as a script may expect it: what differs from run to run becomes placeholders. */
export function abstracted(output: readonly string[], place: Place): string[] {
  return output.map((line) =>
    line
      .replaceAll(` from ${place.namespace} namespace`, '<from>')
      .replaceAll(place.namespace, '<ns>')
      .replaceAll(place.dir, '<dir>')
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>')
      .replace(/(resourceVersion"?: ?)"\d+"/g, '$1"<rv>"')
      .replace(/\b10\.0\.0\.(?!0\/|1\b)\d+/g, '<ip>')
      .replace(/(?<=\s{2})(?:\d+[smh]){1,2}(?=$|\s{2})/g, '<age>'),
  );
}

/** A step as the script has it. */
export function printStep(step: Step): string {
  const [first, ...more] = step.command.split('\n');
  const condition = step.condition === '' ? '' : `${step.condition} `;
  return [
    `$ ${condition}${first}`,
    ...more.map((line) => `> ${line}`.trimEnd()),
    ...step.expected.map((line) => (line === '' ? '' : `  ${line}`)),
    ...(step.exitCode === 0 ? [] : [`exit ${step.exitCode}`]),
  ].join('\n');
}
