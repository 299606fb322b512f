/** Regular expressions of clients, in the syntax of RE2 and in bounded time. */
export { Pattern, patternOf } from './pattern.js';
export { PatternError } from './pattern-error.js';
export { WorkLimitError } from './work-limit.js';
