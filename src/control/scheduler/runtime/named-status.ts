import type { PluginStatus } from '../framework/plugin.js';

/** Statuses are shared constants, so each gets its name once. */
const named = new WeakMap<PluginStatus, PluginStatus>();

/** A plugin's status with the name of the plugin. */
export function withPlugin(status: PluginStatus, plugin: string): PluginStatus {
  if (status.plugin === plugin) return status;
  const known = named.get(status);
  if (known !== undefined && known.plugin === plugin) return known;
  const result: PluginStatus = { code: status.code, reasons: status.reasons, plugin };
  named.set(status, result);
  return result;
}

/** What a plugin that throws has said. */
export function failure(plugin: string, error: unknown): PluginStatus {
  const text = error instanceof Error ? error.message : String(error);
  return { code: 'error', reasons: [text], plugin };
}

/** It says that the pod does not fit, and not that something has failed. */
export function isRefusal({ code }: PluginStatus): boolean {
  return code === 'unschedulable' || code === 'unresolvable' || code === 'wait';
}

/** The reasons in one line. */
export function messageOf({ reasons }: PluginStatus): string {
  return reasons.join(', ');
}
