"""What settings are called elsewhere (trainers, their older versions, other tools), and what they are called here."""

from __future__ import annotations

OURS = {
    **dict.fromkeys(("model_name_or_path", "model_name", "model_id", "base_model_name_or_path"), "base_model"),
    **dict.fromkeys(("load_in_4bit", "load_in_8bit", "full_finetuning", "finetuning_type", "adapter"), "method"),
    **dict.fromkeys(("num_train_epochs", "num_epochs", "n_epochs", "max_steps"), "epochs"),
    **dict.fromkeys(("lr", "learning_rate_multiplier"), "learning_rate"),
    **dict.fromkeys(
        ("per_device_train_batch_size", "per_gpu_train_batch_size", "train_batch_size", "micro_batch_size"),
        "batch_size",
    ),
    **dict.fromkeys(("gradient_accumulation_steps", "grad_accumulation_steps"), "gradient_accumulation"),
    **dict.fromkeys(("max_seq_length", "max_seq_len", "max_length", "cutoff_len", "sequence_len"), "max_tokens"),
    **dict.fromkeys(("r", "lora_r", "lora_rank"), "rank"),
    "lora_alpha": "alpha",
    "lora_dropout": "dropout",
    **dict.fromkeys(("lora_target", "lora_target_modules"), "target_modules"),
    **dict.fromkeys(("warmup_ratio", "warmup_steps"), "warmup_share"),
    **dict.fromkeys(("lr_scheduler_type", "lr_scheduler"), "scheduler"),
    **dict.fromkeys(("optim", "adafactor"), "optimizer"),
    **dict.fromkeys(("evaluation_strategy", "eval_strategy", "eval_steps", "evaluate_during_training"), "eval_every"),
    "max_eval_samples": "eval_examples",
    **dict.fromkeys(("max_train_samples", "max_samples"), "limit"),
    "early_stopping_patience": "patience",
    "early_stopping_threshold": "min_improvement",
    **dict.fromkeys(("load_best_model_at_end", "metric_for_best_model", "greater_is_better"), "keep"),
    **dict.fromkeys(("save_strategy", "save_steps"), "checkpoint_every"),
    "save_total_limit": "checkpoints_kept",
    **dict.fromkeys(("packing", "sample_packing", "group_by_length"), "padding_free"),
    **dict.fromkeys(("assistant_only_loss", "completion_only_loss", "train_on_inputs", "mask_history"), "train_turns"),
    "data_seed": "seed",
}
"""Ours, by the name elsewhere. Values may count in another unit, so nothing is taken over unseen."""
