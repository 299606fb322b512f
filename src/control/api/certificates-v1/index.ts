import { humanDuration } from '../../machinery/duration.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { CertificateSigningRequest } from '../gen/certificates-v1.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';
import { validateRequest, validateRequestUpdate } from './validate.js';

function conditionCell({ status }: CertificateSigningRequest): string {
  const types = (status?.conditions ?? []).map(({ type }) => type);
  const decision = types.includes('Denied')
    ? 'Denied'
    : types.includes('Approved')
      ? 'Approved'
      : 'Pending';
  const failed = types.includes('Failed') ? ',Failed' : '';
  return `${decision}${failed}${status?.certificate ? ',Issued' : ''}`;
}

/** The rules of the kinds of certificates.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  kindsOf('certificates.k8s.io', 'v1')<CertificateSigningRequest>('CertificateSigningRequest', {
    nameRule: 'path-segment',
    countsGeneration: false,
    validateCreate: (request) => validateRequest(request, undefined),
    validateUpdate: (request, old, { subresource }) =>
      validateRequestUpdate(request, old, {
        mayApprove: subresource === 'approval',
        mayIssue: false,
      }),
    validateStatusUpdate: (request, old) =>
      validateRequestUpdate(request, old, { mayApprove: false, mayIssue: true }),
    selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
    table: {
      columns: [
        nameColumn,
        ageColumn,
        column('SignerName', 'Whom the request is for.'),
        column('Requestor', 'Who asks.'),
        column('RequestedDuration', 'How long the certificate is to be valid.'),
        column('Condition', 'What became of the request.'),
      ],
      cells: (request, nowMs) => {
        const { metadata, spec } = request;
        const seconds = spec?.expirationSeconds;
        return [
          metadata.name ?? '',
          ageOf(metadata.creationTimestamp, nowMs),
          spec?.signerName || '<none>',
          spec?.username ?? '',
          seconds === undefined ? '<none>' : humanDuration(seconds * 1000),
          conditionCell(request),
        ];
      },
    },
  }),
];
