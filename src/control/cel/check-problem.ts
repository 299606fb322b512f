import type { ASTNode } from './parse.js';

/** What makes no sense, and where in the text. */
export class Problem extends Error {
  readonly at: number;
  readonly text: string;

  constructor(at: number, text: string) {
    super(text);
    this.at = at;
    this.text = text;
  }
}

/** Where the name of a selected field is: messages point to the dot before it. */
export function fieldStart(node: ASTNode, text: string): number {
  const target = (node.args as [ASTNode, string])[0];
  const dot = text.indexOf('.', target.range?.end ?? node.range.start);
  return dot < 0 ? node.range.start : dot;
}

/** Where the operator of an operation is, or the bracket of a call: messages point there. */
export function operatorStart(node: ASTNode, text: string): number {
  const { range } = node;
  const after = (operand: ASTNode, token: string) => {
    const at = text.indexOf(token, operand.range.end);
    return at < 0 ? range.start : at;
  };
  switch (node.op) {
    case 'rcall': {
      const [name, target] = node.args;
      const named = text.indexOf(name, target.range.end);
      return named < 0 ? range.start : text.indexOf('(', named);
    }
    case 'call':
      return text.indexOf('(', range.start);
    case '[]':
    case '[?]':
      return after(node.args[0], '[');
    case '!_':
    case '-_':
      return range.start;
    default: {
      const first: unknown = Array.isArray(node.args) ? node.args[0] : null;
      return isNode(first) ? after(first, node.op === '?:' ? '?' : node.op) : range.start;
    }
  }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'range' in value;
}
