/** What a call costs beyond itself, by the sizes of its arguments, the receiver first. */
export type CallCost = (sizes: readonly number[]) => number;

/** Of what is done in no time. */
export const nothing: CallCost = () => 0;

/** Going through a text, per character. */
const traversal = 0.1;
/** What an expression of some length takes at each character. */
const expressionFactor = 0.25;
/** Whether somebody may do something: so much that an expression may ask twice. */
const authorization = 350_000;

const through =
  (factor: number): CallCost =>
  (sizes) =>
    Math.ceil(factor * sizes.reduce((total, size) => total + size, 0));

/** A text is gone through with an expression; an empty one is looked at once. */
const withExpression: CallCost = ([text = 0, expression = 0]) =>
  Math.ceil((text + 1) * traversal) * Math.ceil(expression * expressionFactor);

/** A text is made into a list of requirements, of which the shortest takes two characters. */
const selector: CallCost = ([, length = 0]) =>
  10 + Math.ceil(length * traversal) + Math.ceil(length / 2) * 50;

const texts = [
  'contains startsWith endsWith split replace join lowerAscii upperAscii trim substring indexOf lastIndexOf',
  'url isURL format reverse quote',
];
const lists = 'isSorted sum min max flatten distinct sort slice intersects equivalent contains';

/** Costs of functions by name, in Kubernetes' units; those that are not here cost nothing. */
export const callCosts: ReadonlyMap<string, CallCost> = new Map([
  ...names(texts.join(' ')).map((name) => [name, through(traversal)] as const),
  ...names(lists).map((name) => [name, through(1)] as const),
  ...names('matches find findAll').map((name) => [name, withExpression] as const),
  ...names('fieldSelector labelSelector').map((name) => [name, selector] as const),
  ['check', () => authorization] as const,
]);

function names(text: string): readonly string[] {
  return text.split(' ');
}
