import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';

export type { ASTNode };

const limits = {
  maxAstNodes: 100_000,
  maxDepth: 250,
  maxListElements: 10_000,
  maxMapEntries: 10_000,
  maxCallArguments: 32,
};
const grammar = new Environment({ enableOptionalTypes: true, limits });

/** An expression that cannot be compiled: each problem with the place in the text that it is about. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
}

/** The tree of an expression. Throws {@link CompileError}. */
export function parseExpression(text: string): ASTNode {
  try {
    return grammar.parse(text).ast;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const problem = `Syntax error: ${error.summary}`;
    throw new CompileError(problemText(text, error.range?.start ?? 0, problem));
  }
}

/** A problem with the line that it is in, and a mark below its place. */
export function problemText(text: string, at: number, problem: string): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1);
  const source = text.split('\n')[line - 1] ?? '';
  return `ERROR: <input>:${line}:${column + 1}: ${problem}\n | ${source}\n | ${'.'.repeat(column)}^`;
}
