// The other side of subject.mjs: performs what it is told, and ends when nobody tells it any more.

process.on('message', async ({ action, args }) => {
  try {
    const { actions } = await import(process.argv[2]);
    process.send({ value: await actions[action](...args) });
  } catch ({ message, code, syscall }) {
    process.send({ error: { message, code, syscall } });
  }
});

process.on('disconnect', () => process.exit());
