import type { ControllerDefinition } from '../controller.js';

/** What `--controllers` asks for: the definitions in their order, or why it cannot be. */
export type ControllerChoice =
  | { readonly chosen: readonly ControllerDefinition[] }
  | { readonly problems: readonly string[] };

/**
 * Chooses controllers as kube-controller-manager's `--controllers` does: `*` is all that are on by default, a name (or what a
 * controller was called before) turns one on, `-name` off; the first word about a controller counts. `unbuilt` are Kubernetes'
 * controllers that are not here: they can be turned off, not on.
 */
export function chooseControllers(
  words: readonly string[],
  table: readonly ControllerDefinition[],
  unbuilt: readonly string[] = [],
): ControllerChoice {
  const names = new Map<string, string>();
  for (const { name, alias } of table) {
    names.set(name, name);
    if (alias !== undefined) names.set(alias, name);
  }
  const problems: string[] = [];
  for (const word of words) {
    const name = word.replace(/^-/, '');
    if (word === '*' || names.has(name)) continue;
    if (!unbuilt.includes(name)) {
      problems.push(`${JSON.stringify(name)} is not in the list of known controllers`);
    } else if (word === name) {
      problems.push(`${JSON.stringify(name)} is a controller of Kubernetes that is not built here`);
    }
  }
  if (problems.length > 0) return { problems };
  const wishes = words.map((word) => {
    const isOff = word.startsWith('-');
    const name = isOff ? word.slice(1) : word;
    return { isOff, name: names.get(name) ?? name };
  });
  const hasStar = words.includes('*');
  const isWanted = ({ name, isOnByDefault }: ControllerDefinition) => {
    const wish = wishes.find((each) => each.name === name);
    return wish === undefined ? hasStar && isOnByDefault : !wish.isOff;
  };
  return { chosen: table.filter(isWanted) };
}
