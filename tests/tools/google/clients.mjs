// Google's own clients against the stand-in: node clients.mjs ENDPOINT TOKEN. Ends 0 with "ok" when every step gave what Google's services give.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {BigQuery} from '@google-cloud/bigquery';
import {Storage} from '@google-cloud/storage';

const [endpoint, token] = process.argv.slice(2);
const projectId = 'node-project';

// Each client has its own version of the sign-in library, and takes no other's.
function signedIn(library) {
  const {OAuth2Client} = createRequire(import.meta.resolve(library))('google-auth-library');
  const client = new OAuth2Client();
  client.setCredentials({access_token: token, expiry_date: Date.now() + 3600_000});
  return client;
}

const storage = new Storage({projectId, apiEndpoint: endpoint, authClient: signedIn('@google-cloud/storage'), useAuthWithCustomEndpoint: true});
const bigquery = new BigQuery({projectId, apiEndpoint: endpoint, authClient: signedIn('@google-cloud/bigquery')});
const folder = mkdtempSync(join(tmpdir(), 'google-clients-'));
try {
  await storageWorks();
  await bigQueryWorks();
  console.log('ok');
} finally {
  rmSync(folder, {recursive: true});
}

async function storageWorks() {
  const [bucket] = await storage.createBucket('node-bucket');
  const content = randomBytes(900 * 1024);
  const file = bucket.file('raw/transactions/up and down.bin');

  // Resumable, in chunks; the client compares the checksum itself.
  await file.save(content, {resumable: true, chunkSize: 256 * 1024, validation: 'crc32c'});
  assert.deepEqual((await file.download({validation: 'crc32c'}))[0], content);
  assert.deepEqual((await file.download({start: 10, end: 19, validation: false}))[0], content.subarray(10, 20));
  const [metadata] = await file.getMetadata();
  assert.equal(Number(metadata.size), content.length);

  // In one request of two parts.
  const small = bucket.file('raw/transactions/small.ndjson');
  await small.save('{"id":1}\n', {resumable: false, contentType: 'application/x-ndjson'});
  await small.setMetadata({metadata: {loaded: 'yes'}});
  assert.equal((await small.getMetadata())[0].metadata.loaded, 'yes');

  const [files] = await bucket.getFiles({prefix: 'raw/'});
  assert.deepEqual(files.map(found => found.name), ['raw/transactions/small.ndjson', 'raw/transactions/up and down.bin']);
  await small.delete();
  assert.deepEqual(await small.exists(), [false]);
  await assert.rejects(small.download(), error => error.code === 404);
}

async function bigQueryWorks() {
  const [dataset] = await bigquery.createDataset('node_dataset');
  const schema = [
    {name: 'transaction_id', type: 'STRING', mode: 'REQUIRED'},
    {name: 'product', type: 'STRING'},
    {name: 'price', type: 'NUMERIC'},
    {name: 'quantity', type: 'INTEGER'},
    {name: 'date', type: 'DATE'},
  ];
  const [table] = await dataset.createTable('sales', {schema, timePartitioning: {type: 'MONTH', field: 'date'}});
  await assert.rejects(dataset.createTable('sales', {schema}), error => error.code === 409);

  // A file sent with the job, and one in the bucket.
  const lines = Array.from({length: 25}, (_, i) =>
    JSON.stringify({transaction_id: `t${i}`, product: `Halal ${i % 5}`, price: '0.1', quantity: i, date: `2023-${i < 20 ? 10 : 11}-0${1 + (i % 9)}`}));
  const path = join(folder, 'sales.ndjson');
  writeFileSync(path, lines.join('\n'));
  const [job] = await table.load(path, {sourceFormat: 'NEWLINE_DELIMITED_JSON'});
  assert.equal(job.status.state, 'DONE');
  await storage.bucket('node-bucket').file('more.ndjson').save('{"transaction_id":"x","product":null,"price":"-3","quantity":1,"date":"2023-12-31"}', {resumable: false});
  await table.load(storage.bucket('node-bucket').file('more.ndjson'), {sourceFormat: 'NEWLINE_DELIMITED_JSON', writeDisposition: 'WRITE_APPEND'});

  const [metadata] = await table.getMetadata();
  assert.equal(metadata.numRows, '26');
  assert.equal(metadata.timePartitioning.field, 'date');

  const query = `SELECT product, SUM(price) AS total, COUNT(*) AS sales FROM \`${projectId}.node_dataset.sales\`
    WHERE date >= @first AND STARTS_WITH(product, @prefix) AND quantity <= @most GROUP BY product ORDER BY product`;
  const options = {
    query,
    params: {first: BigQuery.date('2023-10-01'), prefix: 'Halal', most: 24},
    labels: {purpose: 'test'},
    maximumBytesBilled: '10485760',
  };
  const [rows] = await bigquery.query(options);
  assert.deepEqual(rows.map(row => [row.product, row.total.toString(), row.sales]), [0, 1, 2, 3, 4].map(i => [`Halal ${i}`, '0.5', 5]));

  // Pages.
  const [all] = await bigquery.query({query: 'SELECT transaction_id FROM node_dataset.sales ORDER BY transaction_id', maxResults: 4});
  assert.equal(all.length, 26);
  const [queryJob] = await bigquery.createQueryJob({query: 'SELECT transaction_id FROM node_dataset.sales ORDER BY transaction_id'});
  const paged = [];
  for (let next = {maxResults: 7, autoPaginate: false}; next;) {
    const [page, after] = await queryJob.getQueryResults(next);
    assert.ok(page.length <= 7);
    paged.push(...page);
    next = after;
  }
  assert.equal(new Set(paged.map(row => row.transaction_id)).size, 26);
  assert.equal((await table.getRows())[0].length, 26);

  // Refusals.
  await assert.rejects(bigquery.query({...options, maximumBytesBilled: '1000'}), error => error.errors[0].reason === 'bytesBilledLimitExceeded');
  await assert.rejects(bigquery.query('SELECT nothing FROM node_dataset.sales'), error => error.errors[0].reason === 'invalidQuery');
  await assert.rejects(bigquery.query('SELECT 1 FROM node_dataset.absent'), error => error.code === 404);
  await assert.rejects(bigquery.query({query: 'SELECT 1 FROM node_dataset.sales WHERE date = @p', params: {p: "' OR 1=1 --"}}));

  await table.delete();
  assert.deepEqual(await table.exists(), [false]);
  await dataset.delete({force: true});
}
