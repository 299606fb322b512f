import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { FieldSet } from '../../../../src/control/machinery/apply/field-set.js';
import { fieldsV1Of } from '../../../../src/control/machinery/apply/fields-v1.js';
import { managedFieldsText } from '../../../../src/control/machinery/apply/managed-fields-text.js';
import {
  fieldSetOfV1,
  fieldsV1OfSet,
  shareManagedFields,
  textOfFieldsV1,
} from '../../../../src/control/machinery/apply/shared-fields.js';

const fields = () => ({ 'f:spec': { 'f:replicas': {} } });

t.test(
  'shareManagedFields gives objects with the same managed fields one and the same',
  async (t) => {
    const [a, b, other] = [fields(), fields(), { 'f:data': {} }].map((fieldsV1) => ({
      metadata: { managedFields: [{ manager: 'm', fieldsV1 }] },
    }));
    for (const object of [a, b, other]) if (object !== undefined) shareManagedFields(object);
    const of = (object: typeof a) => object?.metadata.managedFields[0]?.fieldsV1;
    t.equal(of(a), of(b));
    t.same(of(a), fields());
    t.not(of(a), of(other));
    t.doesNotThrow(() => shareManagedFields({ metadata: {} }));
  },
);

t.test('fieldSetOfV1 reads the same fields once when it meets them again', async (t) => {
  t.ok(fieldSetOfV1(fields()).equals(fieldSetOfV1(fields())));
  t.equal(fieldSetOfV1(fields()), fieldSetOfV1(fields()));
  t.ok(fieldSetOfV1(fields()).has(['f:spec', 'f:replicas']));
  t.throws(() => fieldSetOfV1('text' as never), { name: 'FieldSetError' });
});

const seed = Number(process.env.FLOTILLA_SEED ?? 11);

t.test('fieldsV1OfSet writes what fieldsV1Of writes, however much of it is shared', async (t) => {
  const prng = new Prng(seed);
  const elements = ['f:a', 'f:"b"', 'k:{"name":"x"}', 'k:{"name":"ü"}', 'v:1'];
  const randomPath = () =>
    Array.from({ length: 1 + prng.int(0, 4) }, () => elements[prng.int(0, 5)] as string);
  for (let round = 0; round < 500; round++) {
    const set = FieldSet.of(...Array.from({ length: prng.int(0, 10) }, randomPath));
    const text = JSON.stringify(fieldsV1Of(set));
    const fields = fieldsV1OfSet(set);
    const entry = { manager: 'm', operation: 'Update' as const, fieldsV1: fields };
    const isSame =
      JSON.stringify(fields) === text &&
      textOfFieldsV1(fields) === text &&
      managedFieldsText([entry, {}]) === JSON.stringify([entry, {}]) &&
      fieldSetOfV1(fields).equals(set);
    if (!isSame) {
      t.fail(`round ${round} of seed ${seed}: ${JSON.stringify(fields)} is not ${text}`);
      return;
    }
  }
  t.pass('all rounds agree');
});

t.test('fieldsV1OfSet shares what objects have in common beside what one alone has', async (t) => {
  const of = (ip: string) => {
    const common = ['f:conditions', 'f:phase', 'f:startTime'].map((each) => ['f:state', each]);
    return fieldsV1OfSet(FieldSet.of(...common, ['f:podIPs', `k:{"ip":"${ip}"}`]));
  };
  of('10.0.0.1');
  const [a, b] = [of('10.0.0.2'), of('10.0.0.3')];
  t.not(a, b);
  t.equal(a['f:state'], b['f:state']);
  t.not(a['f:podIPs'], b['f:podIPs']);
});
