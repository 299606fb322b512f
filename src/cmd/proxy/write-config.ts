import { stringify } from 'yaml';
import type { FlagKind, ParsedFlags } from '../program/flags.js';
import { flagOf } from './config-file.js';
import { proxyFlags } from './flags.js';

/** The KubeProxyConfiguration (YAML) that says what the flags say; what has no value is left out. */
export function configurationOf(flags: ParsedFlags): string {
  const document: Record<string, unknown> = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
  };
  const kinds = new Map(proxyFlags.map(({ name, kind }) => [name, kind]));
  for (const [field, flag] of Object.entries(flagOf)) {
    const text = flags.text(flag);
    if (text === '') continue;
    const [section = '', inner] = field.split('.');
    const value = fieldValue(field, text, kinds.get(flag) ?? 'string');
    if (inner === undefined) document[section] = value;
    else document[section] = { ...(document[section] as object | undefined), [inner]: value };
  }
  return stringify(document);
}

function fieldValue(field: string, text: string, kind: FlagKind): unknown {
  const parts = text.split(',').map((part) => part.trim());
  if (field === 'featureGates')
    return Object.fromEntries(
      parts.map((part) => [part.split('=')[0] ?? '', part.endsWith('=true')]),
    );
  // The one list of flags that is a string of the document.
  if (field === 'clusterCIDR') return text;
  if (field === 'clientConnection.qps') return Number(text);
  if (kind === 'list') return parts;
  if (kind === 'boolean') return text === 'true';
  return kind === 'number' || kind === 'integer' ? Number(text) : text;
}
