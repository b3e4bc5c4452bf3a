// What a program written with the official JavaScript client does with the two kinds. Prints one line for each thing that holds, and
// ends with an error at the first that does not.
import assert from 'node:assert/strict';
import * as k8s from '@kubernetes/client-node';

const config = new k8s.KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(k8s.CustomObjectsApi);
const kind = { group: 'transaction-pipeline.io', version: 'v1', namespace: 'data-pipeline', plural: 'silomemberships' };
const table = (version, extra = {}) => ({
  apiVersion: 'transaction-pipeline.io/v1', kind: 'SiloMembership', metadata: { name: 'demo', ...extra }, spec: { version, silos: [] },
});

async function failsWith(code, call) {
  const error = await call().then(() => assert.fail(`expected ${code}`), error => error);
  assert.equal(error.code, code, String(error));
}

const created = await api.createNamespacedCustomObject({ ...kind, body: table(0) });
assert.ok(created.metadata.uid);
await failsWith(409, () => api.createNamespacedCustomObject({ ...kind, body: table(0) }));
console.log('create');

// A watch from the revision of a list sees every change after it, in order.
const listed = await api.listNamespacedCustomObject(kind);
assert.equal(listed.items.length, 1);
const seen = [];
const watched = new Promise((resolve, reject) => {
  const watch = new k8s.Watch(config);
  watch.watch('/apis/transaction-pipeline.io/v1/namespaces/data-pipeline/silomemberships', { resourceVersion: listed.metadata.resourceVersion },
    (type, object) => {
      seen.push(`${type} ${object.spec.version}`);
      if (type === 'DELETED') resolve();
    },
    error => reject(error ?? new Error(`the watch ended early after ${seen}`)));
});
console.log('list');

const replaced = await api.replaceNamespacedCustomObject({ ...kind, name: 'demo', body: table(1, { resourceVersion: created.metadata.resourceVersion }) });
assert.notEqual(replaced.metadata.resourceVersion, created.metadata.resourceVersion);
await failsWith(409, () => api.replaceNamespacedCustomObject({ ...kind, name: 'demo', body: table(2, { resourceVersion: created.metadata.resourceVersion }) }));
await failsWith(422, () => api.replaceNamespacedCustomObject({ ...kind, name: 'demo', body: table(2) }));
console.log('replace');

await api.patchNamespacedCustomObject({ ...kind, name: 'demo', body: [{ op: 'replace', path: '/spec/version', value: 2 }] });
const read = await api.getNamespacedCustomObject({ ...kind, name: 'demo' });
assert.equal(read.spec.version, 2);
await failsWith(404, () => api.getNamespacedCustomObject({ ...kind, name: 'other' }));
console.log('patch');

const crds = await config.makeApiClient(k8s.ApiextensionsV1Api).listCustomResourceDefinition();
assert.deepEqual(crds.items.map(crd => crd.spec.names.kind).sort(), ['SiloHeartbeat', 'SiloMembership']);
console.log('crds');

await api.deleteNamespacedCustomObject({ ...kind, name: 'demo' });
await watched;
assert.deepEqual(seen, ['MODIFIED 1', 'MODIFIED 2', 'DELETED 2']);
console.log('watch');
process.exit(0);
