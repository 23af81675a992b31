export * from './cast';
export * from './elementwise';
export * from './pooling';
export * from './weighted-sum';
