// A Graph API that answers at once with a lead of the real shape, or with a form for a short id. The same for both servers: what it
// costs, it costs both. usage: graph.mjs PORT

import { createServer } from 'node:http';

const created = new Date().toISOString().replace(/\.\d+Z/, '+0000');

const form = (id) => ({
  id,
  name: 'Heat pump',
  status: 'ACTIVE',
  locale: 'nb_NO',
  questions: [
    { id: '1', key: 'full_name', label: 'Fullt navn', type: 'FULL_NAME' },
    { id: '2', key: 'phone_number', label: 'Telefonnummer', type: 'PHONE' },
    { id: '3', key: 'email', label: 'E-post', type: 'EMAIL' },
    { id: '4', key: 'post_code', label: 'Postnummer', type: 'POST_CODE' },
  ],
  privacy_policy_url: 'https://example.com/privacy',
});

const NAMES = ['Åse Nordmann', 'Bjørn Hansen', 'Kari Bråten', 'Ola Sæther', 'Ingrid Lund', 'Håkon Østby', 'Solveig Myhre', 'Jørgen Aasen'];

const lead = (id) => ({
  id,
  created_time: created,
  form_id: '900',
  ad_id: '31',
  adset_id: '32',
  campaign_id: '33',
  platform: 'fb',
  is_organic: false,
  field_data: [
    { name: 'full_name', values: [NAMES[Number(id) % NAMES.length]] },
    // Another number for every lead, all of them valid, and none that is seeded: two leads of one number would be one person.
    { name: 'phone_number', values: [`+47${90_000_000 + (Number(id) % 9_999_999)}`] },
    { name: 'email', values: [`lead${id}@example.com`] },
    { name: 'post_code', values: ['0150'] },
  ],
});

const server = createServer((request, response) => {
  const path = request.url.split('?', 1)[0];
  const id = path.slice(path.lastIndexOf('/') + 1);
  // What a page and a form list: the one form, and what no webhook told of, which is nothing.
  const listed = { leads: { data: [] }, leadgen_forms: { data: [form('900')] }, subscribed_apps: { success: true } };
  const body = JSON.stringify(listed[id] ?? (id.length < 6 ? form(id) : lead(id)));
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'facebook-api-version': 'v26.0',
  });
  response.end(body);
});
server.keepAliveTimeout = 120_000;
server.listen(+process.argv[2], '127.0.0.1', () => console.log('listening'));
