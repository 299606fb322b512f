/**
 * A scheduler plugin as one module: pods go to nodes whose label names their team first.
 *
 * @typedef {import('flotilla/scheduler').PluginFactory} PluginFactory
 */

const annotation = 'example.com/team';

/** @type {PluginFactory} */
function preferLabel(args, _handle) {
  const { label = 'example.com/team' } = /** @type {{ label?: string }} */ (args ?? {});
  return {
    name: 'PreferLabel',
    preScore(_state, { pod }) {
      return pod.metadata.annotations?.[annotation] === undefined ? 'skip' : null;
    },
    score(_state, { pod }, { node }) {
      return node.metadata.labels?.[label] === pod.metadata.annotations?.[annotation] ? 100 : 0;
    },
  };
}

/** @type {Readonly<Record<string, PluginFactory>>} */
export const plugins = { PreferLabel: preferLabel };
