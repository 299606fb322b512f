import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { dns1035LabelProblems } from '../../machinery/names.js';
import type { CustomResourceConversion, WebhookClientConfig } from '../gen/apiextensions-v1.js';

const reviewVersions: readonly string[] = ['v1', 'v1beta1'];

/** What is wrong with how versions are converted. */
export function conversionErrors(
  conversion: CustomResourceConversion | undefined,
  path: FieldPath,
): FieldError[] {
  if (conversion === undefined) return [];
  const { strategy = '', webhook } = conversion;
  const strategyPath = path.child('strategy');
  if (strategy === '') return [required(strategyPath, '')];
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [notSupported(strategyPath, strategy, ['None', 'Webhook'])];
  const webhookPath = path.child('webhook');
  if (strategy === 'None') {
    return webhook === undefined
      ? []
      : [forbiddenField(webhookPath, 'should not be set when strategy is not set to Webhook')];
  }
  if (webhook === undefined)
    return [required(webhookPath, 'required when strategy is set to Webhook')];
  return [
    ...clientErrors(webhook.clientConfig, webhookPath.child('clientConfig')),
    ...reviewVersionErrors(
      webhook.conversionReviewVersions ?? [],
      webhookPath.child('conversionReviewVersions'),
    ),
  ];
}

function clientErrors(config: WebhookClientConfig | undefined, path: FieldPath): FieldError[] {
  if (config === undefined) return [required(path, 'required when strategy is set to Webhook')];
  const { url, service } = config;
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  if (url !== undefined) return urlErrors(url, path.child('url'));
  const servicePath = path.child('service');
  const errors: FieldError[] = [];
  if ((service?.name ?? '') === '')
    errors.push(required(servicePath.child('name'), 'service name is required'));
  if ((service?.namespace ?? '') === '')
    errors.push(required(servicePath.child('namespace'), 'service namespace is required'));
  const port = service?.port ?? 443;
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    errors.push(
      invalidValue(
        servicePath.child('port'),
        port,
        'port is not valid: must be between 1 and 65535, inclusive',
      ),
    );
  return errors;
}

function urlErrors(text: string, path: FieldPath): FieldError[] {
  const form = '; desired format: https://host[/path]';
  if (!URL.canParse(text)) return [required(path, `url must be a valid URL${form}`)];
  const url = new URL(text);
  const errors: FieldError[] = [];
  if (url.protocol !== 'https:')
    errors.push(
      invalidValue(
        path,
        url.protocol.slice(0, -1),
        `'https' is the only allowed URL scheme${form}`,
      ),
    );
  if (url.username !== '' || url.password !== '')
    errors.push(invalidValue(path, url.username, 'user information is not permitted in the URL'));
  if (url.hash !== '')
    errors.push(invalidValue(path, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '')
    errors.push(
      invalidValue(path, url.search.slice(1), 'query parameters are not permitted in the URL'),
    );
  return errors;
}

function reviewVersionErrors(versions: readonly string[], path: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(path, '')];
  const errors = versions.flatMap((version, at) => {
    const problems = dns1035LabelProblems(version);
    return problems.length === 0 ? [] : [invalidValue(path.index(at), version, problems.join(','))];
  });
  if (!versions.some((version) => reviewVersions.includes(version)))
    errors.push(
      invalidValue(path, versions, `must include at least one of ${reviewVersions.join(', ')}`),
    );
  return errors;
}
