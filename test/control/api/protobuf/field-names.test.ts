import t from 'tap';
import { BuiltInSchemaNode } from '../../../../src/control/api/built-in-schema-node.js';
import {
  fieldFactsOf,
  isMessage,
  messageNames,
  messageOfDefinition,
} from '../../../../src/control/api/protobuf/message-facts.js';
import { jsonNameOf } from '../../../../src/control/api/protobuf/messages.js';
import { schemaFacts } from '../../../../src/control/api/schema-facts.js';

/** Protobuf has the kind around an object, not in it. */
const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind']);

/** JSON names of a message's fields, with those of messages whose fields are in the object around them. */
function jsonNamesOf(message: string, node: BuiltInSchemaNode, renamed: Set<string>): string[] {
  return fieldFactsOf(message).flatMap((fact) => {
    const name = jsonNameOf(fact.name, node);
    if (name === undefined)
      return fact.isMessage ? jsonNamesOf(fact.type, node, renamed) : [fact.name];
    if (name !== fact.name) renamed.add(`${message.split('.').at(-1)}.${fact.name}=${name}`);
    return [name];
  });
}

t.test('every field of a message is a field in JSON, and the other way round', async (t) => {
  const renamed = new Set<string>();
  let count = 0;
  for (const [definition, fact] of Object.entries(schemaFacts().definitions)) {
    const message = messageOfDefinition(definition);
    if (fact.properties === undefined || !isMessage(message)) continue;
    const node = BuiltInSchemaNode.require(definition);
    if (node.type !== 'object') continue;
    const names = jsonNamesOf(message, node, renamed).sort();
    const isKind = fact['group-version-kind'] !== undefined;
    const expected = [...node.fields.keys()].filter((name) => !isKind || !typeFields.has(name));
    t.strictSame(names, expected.sort(), definition);
    count += 1;
  }
  t.ok(count > 600, `${count} definitions`);
  t.strictSame([...renamed].sort(), [
    'BoundObjectReference.uID=uid',
    'IngressClassParametersReference.aPIGroup=apiGroup',
    'JSONSchemaProps.ref=$ref',
    'JSONSchemaProps.schema=$schema',
    'JSONSchemaProps.xKubernetesEmbeddedResource=x-kubernetes-embedded-resource',
    'JSONSchemaProps.xKubernetesIntOrString=x-kubernetes-int-or-string',
    'JSONSchemaProps.xKubernetesListMapKeys=x-kubernetes-list-map-keys',
    'JSONSchemaProps.xKubernetesListType=x-kubernetes-list-type',
    'JSONSchemaProps.xKubernetesMapType=x-kubernetes-map-type',
    'JSONSchemaProps.xKubernetesPreserveUnknownFields=x-kubernetes-preserve-unknown-fields',
    'JSONSchemaProps.xKubernetesValidations=x-kubernetes-validations',
    'MutatingWebhookConfiguration.Webhooks=webhooks',
    'ValidatingWebhookConfiguration.Webhooks=webhooks',
    'Validation.Expression=expression',
    'Variable.Expression=expression',
    'Variable.Name=name',
  ]);
});

t.test('messages name messages that there are', async (t) => {
  for (const name of messageNames())
    t.ok(
      fieldFactsOf(name).every((fact) => fact.number > 0),
      name,
    );
});
