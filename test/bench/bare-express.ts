import express from 'express';

// The reference of the service's figures: what Express does when nothing is behind it.
const app = express();
app.use(express.json());
app.post('/', (_, response) => {
  response.json({
    verdict: 'running',
    score: 50,
    reason: 'waiting for the first data',
    analysisId: '00000000-0000-4000-8000-000000000001',
    reportUrl: '/analyses/1',
  });
});
app.get('/', (_, response) => {
  response.json({ ok: true });
});
app.listen(Number(process.env['PORT']), '127.0.0.1');
