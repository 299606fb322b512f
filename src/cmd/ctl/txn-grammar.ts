import { CommanderError } from 'commander';
import {
  type Compare,
  compare,
  type Operation,
  put,
  type Relation,
  range,
  remove,
} from '../../client/index.js';
import type { CtlCommand } from './command.js';
import { delSyntax, readDel } from './commands/del.js';
import { getSyntax, readGet } from './commands/get.js';
import { putSyntax, readPut } from './commands/put.js';
import { CtlError, ExitCode } from './exit.js';
import { parseCounter, parseLeaseId } from './go/integers.js';
import { goQuote, goUnquote } from './go/quote.js';

/** Reads a guard in etcdctl's text form: `mod("key") > "0"`, `val("key") = "text"`. */
export function parseCompare(line: string): Compare {
  const [target = '', rest] = splitOnce(line, '(');
  if (rest === undefined) throw malformed(`malformed comparison: ${line}`);
  const match = /^\s*("(?:[^"\\]|\\.)*")\)\s*(\S+)\s+("(?:[^"\\]|\\.)*")\s*$/s.exec(rest);
  const key = goUnquote(match?.[1] ?? '');
  const operand = goUnquote(match?.[3] ?? '');
  const relation = relations.find((candidate) => candidate === match?.[2]);
  if (key === null || operand === null || relation === undefined) {
    throw malformed(`malformed comparison: ${line}`);
  }
  const text = Buffer.from(operand).toString();
  return readOperand(line, () => guardOf(line, target, key, relation, operand, text));
}

const relations: readonly Relation[] = ['=', '!=', '<', '>'];

function guardOf(
  line: string,
  target: string,
  key: Uint8Array,
  relation: Relation,
  operand: Uint8Array,
  text: string,
): Compare {
  const subject = compare(key);
  switch (target) {
    case 'ver':
    case 'version':
      return subject.version(relation, parseCounter(text));
    case 'c':
    case 'create':
      return subject.createRevision(relation, parseCounter(text));
    case 'm':
    case 'mod':
      return subject.modRevision(relation, parseCounter(text));
    case 'val':
    case 'value':
      return subject.value(relation, operand);
    case 'lease':
      return subject.lease(relation, parseLeaseId(text));
    default:
      throw malformed(`malformed comparison: ${line} (unknown target ${target})`);
  }
}

/** Reads an operation in etcdctl's text form: a `get`, `put` or `del` command with its flags, words quoted as in Go. */
export async function parseOperation(line: string): Promise<Operation<unknown>> {
  const [name, ...args] = splitWords(line);
  if (args.length === 0) throw malformed(`invalid txn compare request: ${line}`);
  switch (name) {
    case 'get': {
      const command = parseFlags(getSyntax(), args, line);
      const { target, options } = readGet(command.args, command.opts());
      return range(target, options);
    }
    case 'put': {
      const command = parseFlags(putSyntax(), args, line);
      const noStdin = async () => new Uint8Array(0);
      const { key, value, options } = await readPut(command.args, command.opts(), noStdin);
      return put(key, value, options);
    }
    case 'del': {
      const command = parseFlags(delSyntax(), args, line);
      const { target, prevKv } = readDel(command.args, command.opts());
      return remove(target, { prevKv });
    }
    default:
      throw malformed(`invalid txn request: ${line}`);
  }
}

/** Words as a shell has them, near enough: bare, in single quotes, or in double quotes with Go's escapes. */
export function splitWords(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^'"\s]\S*[^'"\s]?/g) ?? [];
  return words.map((word) => {
    if (word.startsWith("'")) return word.slice(1, -1);
    if (!word.startsWith('"')) return word;
    const bytes = goUnquote(word);
    if (bytes === null) throw malformed(`malformed word ${goQuote(Buffer.from(word))}`);
    return Buffer.from(bytes).toString();
  });
}

function parseFlags(command: CtlCommand, args: readonly string[], line: string): CtlCommand {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  try {
    return command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw malformed(`invalid txn request: ${line}: ${error.message}`);
  }
}

function readOperand(line: string, read: () => Compare): Compare {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CtlError) || error.exitCode === ExitCode.invalidInput) throw error;
    throw malformed(`invalid txn compare request: ${line}`);
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function malformed(message: string): CtlError {
  return new CtlError(ExitCode.invalidInput, message);
}
