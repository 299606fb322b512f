import type { ASTNode } from './parse.js';

/** Whether an expression somewhere selects this field of this variable by its name: `claims.email`, `claims.?email`, `has(claims.email)`. */
export function selectsField(tree: ASTNode, variable: string, field: string): boolean {
  if ((tree.op === '.' || tree.op === '.?') && tree.args[1] === field) {
    const [target] = tree.args;
    if (target.op === 'id' && target.args === variable) return true;
  }
  return nodesIn(tree.args).some((node) => selectsField(node, variable, field));
}

/** The nodes among the arguments of a node, which may be in lists and pairs. */
function nodesIn(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
