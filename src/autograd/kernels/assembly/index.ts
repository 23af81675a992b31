export * from './channels';
export * from './convolution';
export * from './copies';
export * from './depthwise';
export * from './elementwise';
export * from './pooling';
export * from './cast';
export * from './winograd';
