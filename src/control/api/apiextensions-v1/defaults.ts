import type { CustomResourceDefinition } from '../gen/apiextensions-v1.js';

/** Fills in the names that follow from others, and how versions are converted. Idempotent. */
export function setDefinitionDefaults(definition: CustomResourceDefinition): void {
  const spec = definition.spec;
  if (spec === undefined) return;
  const { names } = spec;
  if (names?.kind !== undefined && names.kind !== '') {
    if ((names.singular ?? '') === '') names.singular = names.kind.toLowerCase();
    if ((names.listKind ?? '') === '') names.listKind = `${names.kind}List`;
  }
  spec.conversion ??= {};
  spec.conversion.strategy ||= 'None';
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined && service.port === undefined) service.port = 443;
}
