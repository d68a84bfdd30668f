export const drawCharts = async () => {};
export const readResults = () => {};
export const writeResults = (r) => r;
