/** Loaded into a worker by `--profile`: SIGUSR2 begins a CPU profile, the next one writes it to DRYDOCK_BENCH_PROFILE. */
const { writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');

let session;
process.on('SIGUSR2', () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.start');
    return;
  }
  session.post('Profiler.stop', (error, answer) => {
    if (!error) writeFileSync(process.env.DRYDOCK_BENCH_PROFILE, JSON.stringify(answer.profile));
  });
});
