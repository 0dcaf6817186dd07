alter type private.kind add value 'return';
