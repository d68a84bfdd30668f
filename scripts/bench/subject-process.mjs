// The other side of subject.mjs: performs what it is told, and ends when nobody tells it any more.

const { actions } = await import(process.argv[2]);

process.on('message', async ({ action, args }) => {
  try {
    process.send({ value: await actions[action](...args) });
  } catch ({ message, code, syscall }) {
    process.send({ error: { message, code, syscall } });
  }
});

process.on('disconnect', () => process.exit());
