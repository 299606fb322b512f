import t from 'tap';
import {
  fieldSetOfV1,
  shareManagedFields,
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

t.test('fieldSetOfV1 reads the same fields once', async (t) => {
  t.equal(fieldSetOfV1(fields()), fieldSetOfV1(fields()));
  t.ok(fieldSetOfV1(fields()).has(['f:spec', 'f:replicas']));
  t.throws(() => fieldSetOfV1('text' as never), { name: 'FieldSetError' });
});
