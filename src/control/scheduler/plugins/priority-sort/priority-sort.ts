import type { Plugin } from '../../framework/plugin.js';

/** Pods of higher priority come first; of one priority, those that have waited longer. */
export function prioritySort(): Plugin {
  return {
    name: 'PrioritySort',
    less: (a, b) => b.info.priority - a.info.priority || a.timestampMs - b.timestampMs,
  };
}
