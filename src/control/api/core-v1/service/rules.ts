import { fieldPath } from '../../../machinery/field-path.js';
import type { Service } from '../../gen/core-v1.js';
import { coreKind } from '../core-kind.js';
import { ipWarnings, networkWarnings } from '../ip-rules.js';
import { restore } from '../restore.js';
import { setServiceDefaults } from './defaults.js';
import { prepareServiceCreate, prepareServiceUpdate } from './prepare.js';
import { serviceTable } from './table.js';
import { validateServiceCreate, validateServiceStatus, validateServiceUpdate } from './validate.js';

const specPath = fieldPath('spec');
const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';

/** What to tell who writes a service. */
export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const warnings: string[] = [];
  if (metadata.annotations?.[hintsAnnotation] !== undefined) {
    warnings.push(
      `annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    );
  }
  const { externalIPs = [], clusterIPs = [], type } = spec;
  if (spec.clusterIP && spec.clusterIP !== 'None') {
    clusterIPs.forEach((ip, at) => {
      warnings.push(...ipWarnings(ip, specPath.child('clusterIPs').index(at)));
    });
  }
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === 'None';
  if (isHeadless) {
    const ignored = [
      { is: Boolean(spec.loadBalancerIP), name: 'loadBalancerIP' },
      { is: externalIPs.length > 0, name: 'externalIPs' },
      { is: spec.sessionAffinity !== 'None', name: 'SessionAffinity' },
    ];
    for (const { is, name } of ignored) {
      if (is) warnings.push(`spec.${name} is ignored for headless services`);
    }
  }
  externalIPs.forEach((ip, at) => {
    warnings.push(...ipWarnings(ip, specPath.child('externalIPs').index(at)));
  });
  if (externalIPs.length > 0 && !isHeadless && type !== 'ExternalName') {
    warnings.push(
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    );
  }
  if (spec.loadBalancerIP) {
    warnings.push(...ipWarnings(spec.loadBalancerIP, specPath.child('loadBalancerIP')));
  }
  spec.loadBalancerSourceRanges?.forEach((range, at) => {
    warnings.push(...networkWarnings(range, specPath.child('loadBalancerSourceRanges').index(at)));
  });
  if (type === 'ExternalName' && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (type !== 'ExternalName' && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}

/** The rules of Services. */
export const serviceKind = coreKind<Service>('Service', {
  setDefaults: setServiceDefaults,
  prepareForCreate: prepareServiceCreate,
  validateCreate: validateServiceCreate,
  prepareForUpdate: prepareServiceUpdate,
  validateUpdate: validateServiceUpdate,
  prepareForStatusUpdate: (service, old) => {
    restore(service, old, 'spec');
  },
  validateStatusUpdate: validateServiceStatus,
  warnings: serviceWarnings,
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec?.clusterIP ?? '',
    'spec.type': ({ spec }) => spec?.type ?? '',
  },
  allowsCreateOnUpdate: true,
  countsGeneration: false,
  nameRule: 'dns-label',
  table: serviceTable,
});
